package pii

// Parts of patterns. labelled is what may stand between a label and its value
// ("MRN: ", `"dob":"`, "account no. "), assigned the same where a mark is wanted.
const (
	labelled = `[\s:=#*|"'(.-]*(?:(?i:is|was|no|number|on|id)\b[\s:=#*|"'.-]*)?`
	assigned = `["'*\]]{0,3}\s{0,3}(?:[:=|]|\bis\b)[\s"'*]{0,4}`
	setTo    = `["'\]]{0,2}\s{0,3}(?:=>|:=|[:=])\s{0,3}["'` + "`" + `]?`
	months   = `(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?`
	date     = `(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})|` +
		months + `\s\d{1,2}(?:st|nd|rd|th)?,?\s\d{4}|\d{1,2}(?:st|nd|rd|th)?[\s-](?:of\s)?` + months + `,?[\s-](?:\d{4}|\d{2})|\d{8})`
	street = `[1-9]\d{0,4}[A-Za-z]?[ \t]+(?:[NSEW]{1,2}\.?[ \t]+)?(?:(?:\p{Lu}[\p{L}'.-]*|\d{1,3}(?:st|nd|rd|th))[ \t]+){1,4}` +
		`(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Place|Pl|Square|Sq|Terrace|Highway|Hwy|Parkway|Pkwy|Circle|Trail|Crescent|Way)\b\.?` +
		`(?:,?[ \t]+(?:Apt|Apartment|Suite|Ste|Unit|#)\.?[ \t]*\w{1,6})?`
	phoneNumber = `([+(]?\d(?:[ .-]|\) ?| \()?(?:\d(?:[ .-]|\) ?| \()?){5,13}\d)`
)

const (
	decimal = "0123456789"
	hexes   = "0123456789abcdefABCDEF"
)

// detectors is the table: one row per way to recognise something. To add one,
// add a row here and a positive to the test's table.
func detectors() []detector {
	return append(secretRows(), dataRows()...)
}

// secretRows find what opens something.
func secretRows() []detector {
	api := func(confidence float64, pattern string, leads ...string) detector {
		return detector{
			kind: "api_key", confidence: confidence, leads: leads, exact: true, pattern: pattern, window: 256,
			before: tokenStart, check: wholeToken, after: anyEnd,
		}
	}
	random := func(d detector) detector {
		d.check, d.before = isRandom, tokenStart
		return d
	}
	return []detector{
		{kind: "api_key", confidence: 0.98, leads: []string{"AKIA", "ASIA", "ABIA", "ACCA"}, exact: true, pattern: `[A-Z0-9]{16}`, window: 16, before: tokenStart},
		api(0.98, `[A-Za-z0-9]{36}`, "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "npm_"),
		api(0.98, `[A-Za-z0-9_]{22}`, "github_pat_"),
		api(0.97, `[A-Za-z0-9_-]{20}`, "glpat-", "sk-ant-", "sk-proj-"),
		api(0.97, `[A-Za-z0-9]{16}`, "sk_live_", "sk_test_", "rk_live_", "rk_test_", "pk_live_", "pk_test_"),
		api(0.97, `[A-Za-z0-9-]{10}`, "xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xoxe-", "xoxo-"),
		api(0.97, `[A-Za-z0-9_-]{35}`, "AIza"),
		api(0.97, `[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16}`, "SG."),
		api(0.96, `[A-Za-z0-9+/]{24}`, "whsec_"),
		random(api(0.95, `[A-Za-z0-9_-]{20}`, "sk-")),
		{
			kind: "secret", confidence: 0.98, leads: []string{"eyJ"}, exact: true, window: 8 << 10,
			pattern: `[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}`, before: tokenStart, check: wholeToken, after: anyEnd,
		},
		{
			kind: "secret", confidence: 0.99, leads: []string{"-----BEGIN "}, exact: true, window: 64,
			pattern: `(?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----`, check: keyBlock, after: anyEnd,
		},
		{kind: "secret", confidence: 0.9, leads: []string{"bearer"}, pattern: `[ \t]+([A-Za-z0-9._~+/=-]{8})`, window: 256, check: isRandom, after: anyEnd},
		{
			kind: "secret", confidence: 0.9, leads: []string{"authorization"}, window: 256,
			pattern: setTo + `(?i:token|apikey)[ \t]+([A-Za-z0-9._~+/=-]{8})`, check: isRandom, after: anyEnd,
		},
		{kind: "secret", confidence: 0.9, leads: []string{"basic"}, pattern: `[ \t]+([A-Za-z0-9+/]{6,200}={0,2})`, window: 256, check: isBasic},
		{
			kind: "url_credentials", confidence: 0.97, leads: []string{"://"}, exact: true, window: 320,
			pattern: `([^\s/?#@:"'<>]{0,100}:[^\s/?#"'<>]{1,200})@`, before: anyEnd, check: isUserInfo, after: anyEnd,
		},
		{
			kind: "secret", confidence: 0.85, leads: []string{"password", "passwd", "passphrase", "passcode", "pwd"}, window: 160,
			pattern: `(?:` + setTo + `|\s(?:is|was)[:\s]\s{0,2}["']?)([^\s"'<>` + "`" + `]{4,128})`, before: labelStart, check: isPassword, after: anyEnd,
		},
		{
			kind: "api_key", confidence: 0.88, leads: []string{"api key", "access key", "access key id", "api token"}, window: 256,
			pattern: `(?:` + setTo + `|\sis\s)([A-Za-z0-9_+/=.~-]{6})`, before: labelStart, check: isRandom, after: anyEnd,
		},
		{
			kind: "secret", confidence: 0.89, window: 256,
			leads: []string{
				"secret", "client secret", "secret key", "secret access key", "secret token", "private key", "auth token", "access token",
				"refresh token", "bearer token", "signing key", "encryption key", "credential", "credentials",
			},
			pattern: `(?:` + setTo + `|\sis\s)([A-Za-z0-9_+/=.~-]{6})`, before: labelStart, check: isRandom, after: anyEnd,
		},
		{kind: "secret", confidence: 0.84, leads: []string{"token"}, pattern: setTo + `([A-Za-z0-9_+/=.~-]{8})`, window: 256, check: isRandom, after: anyEnd},
	}
}

// dataRows find what tells who somebody is.
func dataRows() []detector {
	return []detector{
		{kind: "email", confidence: 0.95, first: "@", window: 255, before: anyEnd, left: localPart, check: isEmail, pattern: `@(?:[\p{L}0-9](?:[\p{L}0-9-]{0,62})\.)+(?:\p{L}{2,24}|xn--[a-z0-9-]{2,59})`},
		{kind: "credit_card", confidence: 0.96, first: "23456", window: 32, before: numberStart, check: isCard, after: numberEnd, pattern: `\d{4}[ -]\d{4}[ -]\d{4}[ -]\d{4}|\d{4}[ -]\d{6}[ -]\d{4,5}|\d{13,20}`},
		{kind: "credit_card", confidence: 0.95, first: "46", window: 32, before: numberStart, check: isCard, after: numberEnd, pattern: `\d{4}(?:[ -]\d{4}){3}[ -]\d{3}`},
		{kind: "iban", confidence: 0.97, leads: ibanCountries(), window: 48, check: isIBAN, pattern: `\d{2}(?:[ -]?[A-Za-z0-9]){11,30}`},
		{kind: "ssn", confidence: 0.93, first: "012345678", window: 12, before: numberStart, check: isSSN, after: numberEnd, pattern: `\d{3}-\d{2}-\d{4}`},
		{kind: "ssn", confidence: 0.7, first: "012345678", window: 12, before: numberStart, check: isSSN, after: numberEnd, pattern: `\d{3} \d{2} \d{4}`},
		{kind: "ssn", confidence: 0.94, leads: []string{"ssn", "social security number", "social security"}, window: 40, check: isSSN, after: numberEnd, pattern: labelled + `(\d{3}[ -]?\d{2}[ -]?\d{4})`},
		{kind: "phone", confidence: 0.9, first: "+", window: 40, before: numberStart, check: isPhone, after: numberEnd, pattern: `\+[1-9](?:[ .()/-]{0,2}\d){7,14}(?:,? ?(?:x|ext\.?) ?\d{1,6})?`},
		{kind: "phone", confidence: 0.85, first: "(" + decimal, window: 32, before: numberStart, check: isBarePhone, after: numberEnd, pattern: `(?:(?:1[-. ])?(?:\d{3}-\d{3}-\d{4}|\(\d{3}\) ?\d{3}[-. ]\d{4}|[2-9]\d{2}\.\d{3}\.\d{4}|[2-9]\d{2} [2-9]\d{2}[ -]\d{4}))(?:,? ?(?:x|ext\.?) ?\d{1,6})?`},
		{kind: "phone", confidence: 0.6, first: "0", window: 32, before: numberStart, check: isBarePhone, after: numberEnd, pattern: `0[1-9](?: \d{2}){4}|0[1-9](?:\.\d{2}){4}|0[1-9]\d{1,3} \d{3,4} \d{3,4}|0[1-9]\d{3} \d{6}`},
		{
			kind: "phone", confidence: 0.87, window: 64, check: isPhone, after: numberEnd,
			leads:   []string{"phone", "phone number", "telephone", "tel", "mobile", "mobile number", "cell", "cell phone", "cellphone", "fax", "whatsapp", "handynummer", "telefon"},
			pattern: `[\s:=#.*|"'-]*(?:(?i:is|at|no|nr|number)\b[\s:=#."'-]*)?` + phoneNumber,
		},
		{kind: "phone", confidence: 0.8, leads: []string{"call", "text", "reach", "ring"}, window: 64, check: isPhone, after: numberEnd, pattern: ` (?:(?:me|us|him|her|them) )?(?:(?:at|on) )?(\d{3}[-.]\d{4}|[2-9]\d{9})`},
		{kind: "ip_address", confidence: 0.85, first: decimal, window: 18, before: numberStart, check: isIPv4, after: numberEnd, pattern: `\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}`},
		{kind: "ip_address", confidence: 0.9, first: hexes + ":", window: 46, before: groupStart, check: isIPv6, pattern: `[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]{1,41}`},
		{kind: "mac_address", confidence: 0.92, first: hexes, window: 18, before: groupStart, check: isMAC, after: groupEnd, pattern: `[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}|[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}`},
		{kind: "date_of_birth", confidence: 0.92, leads: []string{"dob", "d.o.b", "date of birth", "birth date", "birthday", "day of birth", "born", "geboren", "geburtsdatum"}, window: 64, check: isDate, after: digitEnd, pattern: labelled + date},
		{kind: "medical_record_number", confidence: 0.92, leads: []string{"mrn", "medical record number", "medical record", "medical rec", "patient id", "patient number", "chart number", "hospital number", "nhs number"}, window: 48, check: isRecord, after: numberEnd, pattern: labelled + `(\d{3} \d{3} \d{4}|(?:[A-Za-z]{1,4}-?)?\d{2,12}(?:-\d{2,6}){0,3})`},
		{kind: "account_number", confidence: 0.86, leads: []string{"account number", "account no", "account num", "acct number", "acct no", "bank account", "routing number", "sort code and account"}, window: 64, check: isAccount, after: numberEnd, pattern: labelled + `([A-Za-z]{0,4}\d{2,20}(?:[ -]\d{2,8}){0,5})`},
		{kind: "account_number", confidence: 0.8, leads: []string{"account", "acct", "a/c"}, window: 48, check: isAccount, after: numberEnd, pattern: `["'.]{0,2} ?(?:[:#=] ?){1,2}["']?(\d{4,20}(?:[ -]\d{2,8}){0,4})`},
		{kind: "street_address", confidence: 0.8, first: "123456789", window: 128, before: numberStart, pattern: street},
		{kind: "street_address", confidence: 0.75, leads: []string{"po box", "p.o. box"}, window: 16, pattern: ` \d{1,6}`},
		{kind: "name", confidence: 0.85, leads: []string{"Mr", "Mrs", "Ms", "Mx", "Dr", "Prof", "MR.", "MRS.", "MS.", "DR."}, exact: true, window: 96, check: isName(1), pattern: `\.?[ \t]+` + person},
		{kind: "name", confidence: 0.8, leads: []string{"Miss", "Professor", "Doctor", "Herr", "Frau", "Monsieur", "Madame"}, exact: true, window: 96, check: isName(1), pattern: `[ \t]+` + person},
		{
			kind: "name", confidence: 0.82, window: 112, check: isName(1),
			leads: []string{
				"patient", "patient name", "full name", "first name", "last name", "middle name", "given name", "family name", "surname", "maiden name", "legal name",
				"my name", "customer name", "client name", "employee name", "contact name", "cardholder", "cardholder name", "account holder", "next of kin", "emergency contact",
			},
			pattern: assigned + person,
		},
		{kind: "name", confidence: 0.75, leads: []string{"name"}, window: 112, check: isName(2), pattern: assigned + person},
		{kind: "name", confidence: 0.8, leads: []string{"patient"}, window: 96, check: isName(2), pattern: `[ \t]+` + person},
	}
}
