package pii

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// person is the pattern of a name: capitalised words and initials, with the
// small words that stand inside names.
const person = `(\p{Lu}(?:\.|[\p{L}'-]*)(?:[ \t]+(?:(?:van|von|de|der|den|del|della|la|le|di|da|dos|du|bin|ibn|al|el|y)[ \t]+){0,2}\p{Lu}(?:\.|[\p{L}'-]*)){0,4})`

// notNames are capitalised words that end a name or show that there is none:
// labels that follow names, words of titles and of user interfaces.
var notNames = wordSet(`
	a an and any all are at by can for from has have he her his id if in is it its must my no not of on or our
	she should that the their there they this to was we were will with you your
	dob mrn ssn age date born phone email e-mail tel fax address sex gender male female admitted diagnosis room ward
	mr mrs ms miss mx dr prof professor doctor sir madam patient patients name names value type key kind
	access account active action actions add admin admission advisory agent alert api app application archive area
	assistance backup basic batch bill billing board branch build business card care case center centered centre
	centric change chart check checks class clinic code collection column committee communication company complete
	config configuration consent contact controller corp corporation count create custom customer daily data database
	debug default delete deploy deployment details dev device discharge document documents domain download edit
	education element engagement engine enter environment error event events example experience export factory
	family feature field file files final first flow focused folder form foundation full function gateway generic get
	global group groups guide handler health help history home hook hospital host image import inc index info
	information input insert install installation intake integration invalid invoice issue item job jobs last layer
	library link lint list load local log login ltd llc gmbh main management manager manual master medical medication
	member memory menu message meta method missing mobile model module monitor monitoring navigation network new next
	none null nightly node notes object office open operator option options order organization outcome outcomes output
	outreach package page parent password path payment pipeline plan platform point policy portal pre-release press
	preview primary private process product production profile program project property protocol public publish
	quality query queue quick read record records referral refund region registration registry release remote report
	reporting request required reset resource response result results review rights role root rule run runner safety
	sample satisfaction save schedule schema scope screen script search section security select send server service
	services session set setting settings setup share simple site size software source space staging standard start
	state status step storage store stream string style submit success summary support survey sync system table tag
	target task team template term test tests text theme thread ticket time title token tool tools topic total tracking
	training transfer transport trigger undefined unique unit unknown update upgrade upload url user username users
	utils validation variable verify version view web website widget window workflow workspace write zero zone`)

func wordSet(list string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(list) {
		set[w] = true
	}
	return set
}

// isName cuts what person matched before the first word that can't belong to a
// name and accepts what is left when it has at least min words, one of them
// longer than an initial. Words in capitals count only where all are.
func isName(min int) func(text string, start, end int) int {
	return func(text string, start, end int) int {
		words, long, caps, last := 0, false, false, 0
		for i := start; i < end; {
			stop := i
			for stop < end && text[stop] != ' ' && text[stop] != '\t' {
				stop++
			}
			word := text[i:stop]
			i = stop + 1
			first, _ := utf8.DecodeRuneInString(word)
			if word == "" || !unicode.IsUpper(first) { // a blank or a particle
				continue
			}
			runes := utf8.RuneCountInString(strings.Trim(word, ".'-"))
			upper := runes > 1 && strings.ToUpper(word) == word
			if notNames[strings.ToLower(word)] || upper && words > 0 && long && !caps || caps && !upper && runes > 1 {
				break
			}
			words++
			long, caps, last = long || runes > 1, caps || upper, stop
		}
		if words < min || !long {
			return 0
		}
		return last
	}
}

// fileEndings look like top-level domains in "icon@2x.png" and the like.
var fileEndings = wordSet(`png jpg jpeg gif svg webp avif ico pdf js mjs ts tsx jsx css scss json yaml yml toml xml html
	htm md txt csv go py rb rs java class jar war zip tgz gz tar lock log map min rc alpha beta local-only`)

// localPart moves the beginning of a mail address from its "@" to the left, by
// at most 64 bytes; where nothing fits, the beginning stays.
func localPart(text string, at int) int {
	start := at
	for start > 0 && at-start < 64 {
		r, size := utf8.DecodeLastRuneInString(text[:start])
		if !(r < utf8.RuneSelf && (isAlnum(byte(r)) || strings.ContainsRune("._%+'-&=!^~{}|", r)) || r >= utf8.RuneSelf && spaced(r)) {
			break
		}
		start -= size
	}
	for start < at && !isAlnum(text[start]) && text[start] != '_' && text[start] < utf8.RuneSelf {
		start++
	}
	if eq := strings.LastIndexByte(text[start:at], '='); eq >= 0 { // mail=user@host
		start += eq + 1
	}
	return start
}

// isEmail accepts an address with a local part whose domain is neither a file's
// name nor a version.
func isEmail(text string, start, end int) int {
	address := text[start:end]
	local, domain, _ := strings.Cut(address, "@")
	if local == "" || strings.HasSuffix(local, ".") {
		return 0
	}
	if fileEndings[strings.ToLower(domain[strings.LastIndexByte(domain, '.')+1:])] {
		return 0
	}
	if local == "git" && end < len(text) && text[end] == ':' { // git@host:path names a repository
		return 0
	}
	return end
}
