#compdef memhooks
# memhooks in zsh: source <(memhooks completion zsh)
_memhooks() {
	local -a found
	found=(${(f)"$(memhooks complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)"})
	if (( $#found )); then compadd -a found; else _files; fi
}
compdef _memhooks memhooks
