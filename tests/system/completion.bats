# completion.bats - command lines that shells complete, help and manual pages, from one table
#
# nothing new with systemd: it works on the kernel, and asks nobody

load ../lib
setup() {
	tare=$TARE_BUILD/src/tare
	cd "$BATS_TEST_TMPDIR" || return
}

# complete_in_bash WORD...: what bash offers for the last word of `tare WORD...`
complete_in_bash() {
	"$tare" completion bash >script
	bash --norc -c '
		source ./script
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
		_tare "$1" "${!#}" "${@: -2:1}"
		((${#COMPREPLY[@]} == 0)) || printf "%s\n" "${COMPREPLY[@]}"' - "$tare" "$@"
}

@test "bash completes commands, nested ones, options and their values" {
	run -0 complete_in_bash comp
	[ "$output" = completion ]
	run -0 complete_in_bash completion ''
	[ "$output" = $'bash\nzsh\nfish\nwords' ]
	run -0 complete_in_bash help completion z
	[ "$output" = zsh ]
	run -0 complete_in_bash ps --no-h
	[ "$output" = --no-headers ]
	run -0 complete_in_bash ps -
	[[ $'\n'$output$'\n' = *$'\n-q\n'* && $output = *--format* ]]
	run -0 complete_in_bash ps --format ''
	[ "$output" = $'table\njson' ]
	run -0 complete_in_bash --log-level d
	[ "$output" = debug ]
	run -0 complete_in_bash nosuch ''
	[ ! "$output" ]
}

@test "bash gets what stands after = and :, where it cuts words" {
	run -0 complete_in_bash ps --format = j
	[ "$output" = json ]
	run -0 complete_in_bash ps --format =
	[ "$output" = $'table\njson' ]
}

@test "bash adds files, folders and programs by itself" {
	mkdir -p "some folder/below"
	touch "some file"
	run -0 complete_in_bash man --all some
	[ "$output" = "some folder" ]
	run -0 complete_in_bash enter x bas
	[[ $'\n'$output$'\n' = *$'\nbash\n'* ]]
	run -0 complete_in_bash enter x cat some
	[ "$(LC_ALL=C sort <<<"$output")" = $'some file\nsome folder' ]
}

@test "the script for bash is one that shellcheck and bash read" {
	"$tare" completion bash >script
	bash -n script
	type -P shellcheck >/dev/null || skip "shellcheck is not installed"
	# it is sourced: what it sets is bash's
	shellcheck -s bash -e SC2207 script
}

@test "zsh reads its script, and completes by it" {
	type -P zsh >/dev/null || skip "zsh is not installed"
	"$tare" completion zsh >_tare
	zsh -n _tare
	# compadd and compset are there only while a line is edited
	run -0 zsh -f -c '
		compdef() { :; }
		compadd() { print -l -- $candidates; }
		source ./_tare
		words=("$@") CURRENT=$#
		_tare' - "$tare" completion ''
	[ "$output" = $'bash\nzsh\nfish\nwords' ]
}

@test "fish reads its script, and completes by it" {
	type -P fish >/dev/null || skip "fish is not installed"
	"$tare" completion fish >script
	export HOME=$BATS_TEST_TMPDIR
	fish --no-config --no-execute script
	ln -s "$tare" tare
	run -0 env PATH="$PWD:$PATH" fish --no-config -c \
		'source script; complete -C "tare completion "; complete -C "tare ps --format=j"'
	[ "${lines[0]%%$'\t'*}" = bash ]
	[ "${lines[4]%%$'\t'*}" = --format=json ]
}

@test "names of the host are offered only if no shell can misread them" {
	run -0 "$tare" completion words -- enter ''
	[ "${lines[0]}" = none ]
	for line in "${lines[@]:1}"; do
		[[ ${line%%$'\t'*} =~ ^[A-Za-z0-9_.:/@%+,=-]+$ ]]
	done
}

@test "help of a nested command is the same by help and by --help" {
	run -0 "$tare" completion bash --help
	by_option=$output
	run -0 "$tare" help completion bash
	[ "$output" = "$by_option" ]
	[ "${lines[1]}" = "   tare completion bash - the script for bash" ]
	run -0 "$tare" help
	[[ $output = *"ABOUT TARE:"* ]]
	run -125 "$tare" help completoin
	[ "$output" = "tare: 'tare completoin' is not a command (did you mean 'completion'?)" ]
}

@test "every command has a page, and groff has nothing to say about any" {
	mkdir pages
	"$tare" man --all pages
	for name in $("$tare" completion words -- help '' | tail -n +2 | cut -f 1); do
		[ -s "pages/tare-$name.1" ]
	done
	cmp pages/tare.1 <("$tare" man)
	cmp pages/tare-completion.1 <("$tare" man completion)
	run -0 "$tare" man completion bash
	[[ $output = '.TH "TARE\-COMPLETION\-BASH" "1"'* ]]
	run -125 "$tare" man --all pages ps
	[ "$output" = "tare: man: --all and 'ps' exclude each other" ]
	type -P groff >/dev/null || skip "groff is not installed"
	for page in pages/*; do
		groff -ww -man -Tutf8 "$page" >/dev/null 2>said
		[ ! -s said ] || {
			cat said
			return 1
		}
	done
}
