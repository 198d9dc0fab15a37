# templates.bats - templates that Go's text/template runs in docker's client print the same with us

load ../lib

setup_file() {
	command -v docker >/dev/null || skip "docker.io is not installed"
	# no daemon is asked: what does not need one is printed all the same
	export DOCKER_HOST=unix://$BATS_FILE_TMPDIR/no-daemon
}

setup() {
	tare=$TARE_BUILD/src/tare
}

# same: each line of standard input is a template; what docker refuses, we must refuse. What fails
# while it runs prints nothing with docker, and the missing daemon hides why.
same() {
	local bad=0 line theirs ours

	while IFS= read -r line; do
		theirs=$(docker version --format "$line" 2>/dev/null || true)
		theirs=${theirs:-refused}
		ours=$("$tare" version --format "$line" 2>/dev/null) || ours=refused
		[[ $ours != "$theirs" ]] || continue
		printf '%s\n  docker: %s\n  tare:   %s\n' "$line" "$theirs" "$ours"
		bad=1
	done
	((!bad))
}

@test "values, printf and functions" {
	same <<'EOT'
{{printf "%5d|%-5d|%05d|%+d|% d|%x|%X|%o|%b|%c" 42 42 -42 42 42 255 255 8 5 65}}
{{printf "%s|%5s|%-5s|%.2s|%8.1s|%q|%v|%x|%X" "abc" "abc" "abc" "abc" "abc" "a\"b\\c\n" "v" "hi" "hi"}}
{{printf "%t %v %t%%|%5t|%05s|%.5d" true false true true "ab" 42}}
{{print 1 2 "a" 3 "b" "c" true false}}
{{len "abc"}} {{slice "abcdef" 1 3}} {{slice "abc"}} {{slice "abc" 1}}
{{upper "abc"}} {{lower "ABC"}} {{title "hello world-wide x_y 9a o'neil"}}
[{{pad "ab" 2 3}}] [{{pad "" 2 3}}] {{truncate "abcdef" 3}} {{truncate "ab" 5}}
{{split "a,b" ","}} {{join (split "a,b" ",") "+"}} {{len (split "a,b" ",")}}
{{json "a<b>&\"c\""}} {{json 42}} {{json (split "a b" " ")}} {{json true}}
{{"\x41\101\u00fc\U0001f433"}}|{{`raw\n`}}|{{'a'}} {{'\n'}} {{'\''}}
{{0x1F}} {{-7}} {{+7}} {{0b101}} {{0o17}} {{017}} {{true}} {{false | not}}
{{"abc" | printf "%s-%s" "x" | upper | len}} {{1 | printf "%d %d" 2}} {{"a" | eq "a"}}
{{print (print "a" (print "b"))}} {{(print "x")}} {{print ("y") "z"}} {{print "a"|print}}
{{index (split "a,b" ",") 1}}
EOT
}

@test "conditions, ranges, variables and trim markers" {
	same <<'EOT'
{{eq 1 1}} {{eq 1 2 3 1}} {{ne 1 2}} {{lt 1 2}} {{le 2 2}} {{gt 1 2}} {{ge 2 2}} {{eq "a" "a"}} {{lt "a" "b"}}
{{eq true true}} {{eq true false}} {{ge -1 -2}} {{lt -5 3}}
{{and 1 0 2}} {{or 0 "" "x"}} {{not 0}} {{and true "y"}} {{or false false}}
{{if and true (not false)}}yes{{else}}no{{end}}
{{if 0}}a{{else if ""}}b{{else}}c{{end}}
{{with "x"}}{{.}}{{.}}{{end}}{{with ""}}y{{else}}z{{end}}{{with $y := "q"}}{{$y}}{{end}}
{{$x := "v"}}{{$x}}{{if true}}{{$x = "w"}}{{end}}{{$x}}
{{$x := 1}}{{if true}}{{$x := 2}}{{$x}}{{end}}{{$x}}
{{range split "a,b,c" ","}}<{{.}}>{{end}}
{{range $i, $v := split "a,b,c" ","}}{{if $i}}, {{end}}{{$i}}:{{$v}}{{end}}
{{range $v := split "a,b,c" ","}}{{if eq $v "b"}}{{continue}}{{end}}{{.}}{{end}}
{{range split "a,b,c" ","}}{{if eq . "b"}}{{break}}{{end}}{{.}}{{else}}e{{end}}
{{range split "" ","}}[{{.}}]{{else}}e{{end}}
a  {{- 1 -}}  b
a {{/* comment */}} b {{- /* c */ -}} d
{{"a"}}{{"b" -}}   {{- "c"}}x{{ "}}" }}y{{-7}}{{- -7 -}} z
EOT
}

@test "what Go refuses" {
	same <<'EOT'
{{nil}}
{{1 2}}
{{"x".Y}}
{{end}}
{{if}}x{{end}}
{{if 1}}
{{if 1}}{{else}}{{else}}{{end}}
{{foo}}
{{$x}}
{{$x = 1}}
{{if 1}}{{$x := 1}}{{end}}{{$x}}
{{print "a"
{{break}}
{{len 3}}
{{eq "a" 1}}
{{lt "a" 1}}
{{--7}}
{{ - 7 }}
{{"a}}
{{`a}}
{{''}}
{{'ab'}}
{{"\q"}}
{{len}}
{{not}}
{{and}}
{{(}}
{{)}}
{{|}}
{{}}
{{
{{/* x
{{"a" "b"}}
{{ print"a" }}
{{.NoSuchMember}}
EOT
}
