package embedded

// Token is how a term of a memory, by its number, stands in the search index.
var Token = token
