# memhooks in fish: memhooks completion fish | source
function __memhooks
    set -l words (commandline -opc) (commandline -ct)
    memhooks complete -- $words[2..] 2>/dev/null
end
complete -c memhooks -a '(__memhooks)'
