# memhooks in bash: source <(memhooks completion bash)
_memhooks() {
	local IFS=$'\n'
	COMPREPLY=($(memhooks complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _memhooks memhooks
