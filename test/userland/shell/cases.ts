/** Scripts, one each, whose output and status are compared with dash's. By subject. */
export const cases: Readonly<Record<string, readonly string[]>> = {
  'words and quotes': [
    `echo hello   world "a  b" 'c  d' e\\ f`,
    `echo "a\\$b \\\\ \\x \\"" 'a\\b' a\\b`,
    `echo a"b"c'd'e; echo ""; echo '' x; printf '[%s]' "" '' a; echo`,
    `echo 'it'\\''s'; echo "$("echo" "x y")"`,
    `printf '[%s]' a\\
b "c\\
d" 'e\\
f'; echo`,
    `echo # comment
echo a#b '#c' # d`,
    `echo {a,b} ~ ~/x "~" a~ x=~ ~nobody/y`,
    `a=~/b:~/c; echo $a; b=x~; echo $b`,
  ],
  parameters: [
    `echo $# "$1" "$2" "[$3]" "$4"; printf '<%s>' "$@"; printf '<%s>' "$*"; printf '<%s>' $*; printf '<%s>' $@; echo`,
    `set --; printf '<%s>' "$@"; echo; printf '<%s>' x"$@"y; echo; printf '<%s>' "$*"; echo`,
    `set -- a b; printf '<%s>' x"$@"y; echo; printf '<%s>' "x $* y"; IFS=-; printf '<%s>' "$*" $*; echo`,
    `shift; echo "$1" $#; shift 2; echo $#`,
    `x=v; echo $x \${x} "\${x}" \${x}y $xy; echo \${#x} \${#y}`,
    `unset u; e=; for v in u e; do eval "echo \\"\\\${$v-d}\\" \\"\\\${$v:-d}\\" \\"\\\${$v+s}\\" \\"\\\${$v:+s}\\""; done`,
    `unset u; echo \${u=assigned} $u; e=; echo \${e=no} \${e:=yes} $e`,
    `unset u; (echo \${u?message}) 2>/dev/null; echo $?; (e=; : \${e:?}) 2>/dev/null; echo $?`,
    `p=/usr/local/lib.tar.gz; echo \${p##*/} \${p#*/} \${p%.*} \${p%%.*} "\${p%/*}" \${p#x} \${p%%x}`,
    `p='a*b*c'; echo "\${p#*\\*}" "\${p#*'*'}" "\${p%"*"*}"; s='*'; echo "\${p#*"$s"}" "\${p##*$s}"`,
    `x="a  b"; printf '<%s>' $x "$x" \${y:-$x} "\${y:-$x}" \${y:-"$x"} \${y:-a  'b  c'}; echo`,
    `set -- 1 2 3 4 5 6 7 8 9 ten eleven; echo \${10} \${11} \${#10} \${#}`,
    `echo "\${x:-a}b}" \${x:-'}'} "\${x:-"}"}"; echo \${x:-\${y:-z}}`,
    `echo $?; false; echo $? $?; (exit 7); echo $?; set -e; echo "$-" | grep -c e`,
    `set -u; echo \${x-default}; (echo $x) 2>/dev/null; echo $?`,
  ],
  fields: [
    `x=' a  b '; printf '<%s>' $x; echo; IFS=; printf '<%s>' $x; echo`,
    `IFS=:; x=a:b::c:; printf '<%s>' $x; echo; x=:a; printf '<%s>' $x; echo; x=::; printf '<%s>' $x; echo`,
    `IFS=' :'; x=' a : b :: c '; printf '<%s>' $x; echo; x='a :b'; printf '<%s>' $x; echo; x='a: :b'; printf '<%s>' $x; echo`,
    `x='a b'; y=$x; echo "$y"; z=$x$x; echo "$z"; printf '<%s>' $x$x "$x"$x; echo`,
    `x=; printf '<%s>' $x; printf '<%s>' "$x" $x""; echo`,
    `printf '<%s>' $(echo a b; echo c) "$(echo a b; echo c)"; echo`,
    `IFS=x; printf '<%s>' $(echo axbxc) axb; echo`,
  ],
  pathnames: [
    `touch b a c.txt .hidden 'x y'; mkdir d; touch d/e d/f.txt; echo *; echo .h*; echo *.txt d/*.txt */*; echo nothing*; printf '<%s>' x*; echo`,
    `touch a b ab; echo [ab] [!a] ?b '*' "?" \\* [a-b]b; x='*'; echo $x "$x"`,
    `touch a1 a2 'a*'; echo a\\* "a*" a[12] a[!1-2]; set -f; echo a*`,
    `mkdir -p p/q r/q; touch p/q/z r/q/z; echo */q/z; echo ./*/q; echo p/*/*; echo /e[t]c/passw[d]`,
    `touch -- -x '[' ']' 'a]'; echo [[] []] [!]a] [a]*; for f in *; do echo "$f"; done`,
    `touch A a 1; echo [[:upper:]] [[:digit:]] [[:alpha:]]`,
  ],
  substitution: [
    `echo $(echo a) \`echo b\` $(echo $(echo c)) \`echo \\\`echo d\\\`\``,
    `x=$(echo a; exit 3); echo $x $?; x=$(false); echo $?; x=a$(exit 4)b; echo $? $x; echo $(exit 5) $?`,
    `echo "$(printf 'a\\n\\n\\n')"x; echo "$(printf '\\n\\na')"; echo $(:)x`,
    `echo $(case a in (a) echo yes;; esac) $(case a in a) echo yes;; esac)`,
    `echo "$(echo "in \\"quotes\\"" 'x)' \\))" $(echo ')' # comment )
)`,
    `echo \`echo '\\$x' "\\$HOME"\` "\`echo \\"x\\"\`"`,
    `f() { echo "f:$1"; }; echo $(f a) "$(f "b c")"`,
    `x=1; y=$(x=2; echo $x); echo $x $y; (x=3); echo $x; { x=4; }; echo $x`,
    `echo $(cat <<E
here $((1+1))
E
) after`,
  ],
  arithmetic: [
    `echo $((1+2*3)) $(((1+2)*3)) $((7/2)) $((-7/2)) $((7%3)) $((-7%3)) $((1<<4)) $((256>>4)) $((5&3)) $((5|3)) $((5^3)) $((~5))`,
    `echo $((1<2)) $((2<=2)) $((3>4)) $((3>=4)) $((1==1)) $((1!=1)) $((!0)) $((!5)) $((1&&0)) $((1||0)) $((0||0))`,
    `x=5; echo $((x)) $(($x+1)) $((x+=2)) $x $((x=x*2)) $x $((x-=1)) $((x*=3)) $((x/=2)) $((x%=7)) $x $((x<<=2)) $((x|=1)) $((x^=3)) $((x&=6))`,
    `echo $((1?2:3)) $((0?2:3)) $((1?0?4:5:6)); x=0; echo $((1||(x=1))) $x $((0&&(x=1))) $x $((1?7:(x=9))) $x`,
    `echo $((0x1f)) $((010)) $((-5)) $((+5)) $((- -5)) $(( 1 + 1 )) $((unset_name)) $((unset_name+1))`,
    `x=' 7 '; echo $((x)); echo $((9223372036854775807)) $((9223372036854775807+1))`,
    `(echo $((1/0))) 2>/dev/null; echo $?; (echo $((1+))) 2>/dev/null; echo $?`,
    `echo $(($(echo 3)+\`echo 4\`)) $((\${x:-6}*2)) "$((1+1))"`,
  ],
  'compound commands': [
    `if true; then echo a; fi; if false; then echo b; else echo c; fi; if false; then :; elif true; then echo d; else echo e; fi; if false; then :; fi; echo $?`,
    `for i in a b c; do echo $i; done; for i in; do echo never; done; echo $?; for i; do echo "<$i>"; done; for i
do echo $i; done`,
    `i=0; while [ $i -lt 5 ]; do i=$((i+1)); [ $i = 2 ] && continue; [ $i = 4 ] && break; echo $i; done; echo $?`,
    `for i in 1 2; do for j in 1 2 3; do [ $j = 2 ] && continue 2; echo $i$j; done; done; for i in 1 2; do for j in 1 2; do break 2; done; done; echo $i$j`,
    `i=3; until [ $i = 0 ]; do echo $i; i=$((i-1)); done`,
    `for x in abc a 'a b' '*' '[x]' ''; do case $x in a) echo one;; a*c) echo two;; 'a b') echo three;; \\*) echo star;; '[x]') echo bracket;; ?*) echo some;; *) echo none;; esac; done`,
    `case x in (a|x) echo yes;; esac; case y in a|b) ;; esac; echo $?; case z in z) (exit 3);; esac; echo $?; case a in esac; echo $?`,
    `{ echo a; echo b; } | tr ab xy; (echo c; exit 5); echo $?; { :; }; echo $?`,
    `x=a; case $x in "$x") echo quoted;; esac; p='a*'; case abc in $p) echo pattern;; esac; case abc in "$p") echo no;; *) echo literal;; esac`,
    `true && echo a || echo b; false && echo a || echo b; false || false; echo $?; ! true; echo $?; ! false && echo c`,
    `if ! false; then echo neg; fi; while ! true; do :; done; ! { exit 0; }`,
    `for i in 1 2 3; do echo $i; done > f; cat f; if true; then cat; fi < f; while read x; do echo "[$x]"; done < f`,
  ],
  functions: [
    `f() { echo "$# $1"; }; f; f a b; f "c d"; echo $# "$1"`,
    `f() { return 4; }; f; echo $?; g() { f; return; }; g; echo $?; h() ( x=1; exit 6 ); h; echo $? $x`,
    `f() { local x=1; x=2; g; echo $x; }; g() { x=3; }; x=0; f; echo $x`,
    `f() { if [ $1 -gt 0 ]; then f $(($1-1)); echo $1; fi; }; f 3`,
    `f() { echo one; }; f() { echo two; }; f; unset -f f; f 2>/dev/null; echo $?`,
    `f() for i in a b; do echo $i; done; f; g() case $1 in x) echo X;; esac; g x`,
    `f() { echo out; echo err >&2; } 2>/dev/null; f; f() { echo "<$x>"; }; x=2 f`,
    `f() { set -- p q; echo $1 $#; }; f a; echo "$1"; f() { shift; echo $1; }; f a b`,
    `f() { echo $(return 3) $?; return 2; echo never; }; f; echo $?`,
  ],
  redirections: [
    `echo a > f; echo b >> f; cat f; cat < f > g; cat g; echo c >| f; cat f; : > f; cat f; echo $?`,
    `echo out; echo err >&2; { echo 1; echo 2 >&2; } 2>&1 | sort; { echo 1; echo 2 >&2; } >f 2>&1; cat f; { echo x >&2; } 2>f; cat f`,
    `exec 3>f; echo three >&3; exec 3>&-; cat f; exec 4<f; read x <&4; echo $x; exec 4<&-; (echo y >&3) 2>/dev/null || echo failed`,
    `cat nofile 2>/dev/null; echo $?; echo x > nodir/f 2>/dev/null || echo failed`,
    `set -C; echo a > f; (echo b > f) 2>/dev/null || echo failed; echo c >| f; cat f; echo d > /dev/null; echo $?`,
    `x=5; cat <<E
$x \${x} $(echo sub) \`echo back\` $((x+1)) \\$x "q" 'q' \\\\ \\a
E
cat <<'E'
$x \\$x $(echo no)
E
cat <<"E F"
$x
E F
cat <<-E
	tab
		tabs
	E`,
    `cat <<A; cat <<B
a
A
b
B
cat <<A - <<B
one
A
two
B`,
    `cat <<E | tr a-z A-Z
pipe me
E
while read l; do echo "[$l]"; done <<E
l1
l2
E`,
    `if true; then cat <<E
in if
E
fi; f() { cat <<E
in f $1
E
}; f x; f y`,
    `cat <<E
joined \\
line
E
echo \${x:-$(cat <<E
deep
E
)}`,
    `echo a 1>f 2>&1; cat f; echo b 2>&1 1>f | cat; cat f; echo 2>f; echo 2 >f; cat f; echo a2>f; cat f`,
    `read a b; echo "$b:$a"; read c; echo "$c"; read d; echo $? "[$d]"`,
    `exec > f; echo into; exec >&2; cat f >&2; exec 1>f; echo more; cat f 1>&2`,
    `echo x | { read y; echo "got $y"; }; echo a b c | while read p q; do echo "$q/$p"; done`,
  ],
  builtins: [
    `cd /; pwd; cd usr; pwd; cd ..; pwd; cd /usr/bin; cd -; cd /nonexistent 2>/dev/null; echo $?; cd; pwd`,
    `mkdir -p a/b; ln -s a/b l; cd l; pwd | sed 's|.*/||'; cd ..; ls`,
    `export X=1; sh -c 'echo $X'; Y=2; sh -c 'echo [$Y]'; export Y; sh -c 'echo $Y'; unset X; sh -c 'echo [$X]'; Z=3 sh -c 'echo $Z'; echo "[$Z]"`,
    `readonly R=1; (R=2) 2>/dev/null; echo $?; echo $R; (unset R) 2>/dev/null; echo $?`,
    `eval echo a 'b  c' '"d  e"'; eval; echo $?; eval 'false'; echo $?; x=y; y=z; eval echo \\$$x`,
    `echo 'echo dotted; return 3; echo never' > f; . ./f; echo $?; . ./nofile 2>/dev/null; echo not reached`,
    `printf '%s\\n' a b; printf '%d %x %o %c %5s|%-5s|%05d|%+d\\n' 10 255 8 xyz a b 42 7; printf '%%\\t\\101\\n'; printf 'no newline'; printf '\\n'; printf '%b' 'a\\nb\\0101\\n'`,
    `printf '%s-%s\\n' a b c; printf '%d\\n' 0x10 010 "'A" ; printf '%d\\n' abc 2>/dev/null; echo $?; printf '%.2f %e %g\\n' 3.14159 1000 0.0001; printf '%.3s|%*d\\n' abcdef 5 42`,
    `echo -n a; echo b; echo 'a\\tb\\nc\\\\d'; echo 'x\\cy'; echo z; echo -e q; echo - --`,
    `test a = a; echo $?; [ a != a ]; echo $?; [ ]; echo $?; [ "" ]; echo $?; [ -n x -a -z "" ]; echo $?; [ 1 -gt 2 -o 2 -gt 1 ]; echo $?; [ ! a = b ]; echo $?; [ \\( a = b \\) -o c = c ]; echo $?`,
    `touch f; mkdir d; ln -s f l; for t in -e -f -d -s -r -h -L -p -S -b -c; do for n in f d l none /dev/null; do [ $t $n ] && echo $t $n; done; done; [ 1 -eq 1x ] 2>/dev/null; echo $?`,
    `[ -n ] && echo one; [ ! ] || echo none; [ -f ] && echo name; [ = = = ] && echo eq; [ ! = ! ] && echo excl; [ "(" = "(" ] && echo paren`,
    `set -- -a -b val -c rest; while getopts ab:c o; do echo "$o [$OPTARG] $OPTIND"; done; shift $((OPTIND-1)); echo "$@"`,
    `set -- -abval -x; while getopts ab: o 2>/dev/null; do echo "$o [$OPTARG]"; done; OPTIND=1; set -- -b; getopts :b: o; echo "$o [$OPTARG]"; OPTIND=1; set -- -z; getopts :b: o; echo "$o [$OPTARG]"`,
    `umask 027; umask; touch f; ls -l f | cut -c1-10; umask 22; umask`,
    `trap 'echo bye' EXIT; echo hi; (echo sub); trap - EXIT; trap 'echo again' 0; exit 3`,
    `trap 'echo term' TERM; kill -TERM $$; echo after; trap '' TERM; kill -TERM $$; echo ignored`,
    `trap 'echo usr1; exit 5' USR1; kill -s USR1 $$; echo never`,
    `command -v cd; command -v nonesuch; echo $?; f() { :; }; command -v f`,
    `command echo a; command cd /; pwd; echo() { printf 'mine\\n'; }; echo b; command echo c; command nonesuch 2>/dev/null; echo $?`,
    `sleep 0.05 & p=$!; wait $p; echo $?; (exit 7) & wait $!; echo $?; wait; echo $?; wait 99999; echo $?; { sleep 0.02; echo late; } & wait; echo end`,
    `true & false & wait; echo $?; echo a & wait; kill -0 $$; echo $?; kill -l 9; kill -l 137`,
    `alias e='echo aliased'
e x
alias ll='e y'
ll
unalias e
e x 2>/dev/null; echo $?; alias ll`,
    `IFS=: read a b c <<E
x:y:z:w
E
echo "$a,$b,$c"; read x <<E
  lead and trail  
E
echo "[$x]"; read -r y <<'E'
back\\slash
E
echo "$y"; read z <<'E'
join\\
ed
E
echo "$z"`,
    `exec echo replaced; echo never`,
    `exit 300`,
    `exec nonesuch 2>/dev/null; echo never`,
    `set a b c; echo $2; set --; echo $#; set -- -x; echo $1; set -x 2>/dev/null; set +x; echo quiet`,
    `. /dev/null; echo $?; : a b; echo $?; true x; false x; echo $?; x=1; unset x y; echo "[$x]$?"; times >/dev/null; echo $?`,
    `ulimit -n >/dev/null; echo $?; hash; echo $?; jobs; echo $?`,
  ],
  'errors and options': [
    `set -e; false || true; if false; then :; fi; ! true; echo on; false; echo never`,
    `set -e; f() { false; echo in; }; f || echo caught; (false; echo sub) || echo c2; x=$(false); echo never`,
    `set -e; while false; do :; done; false && true; echo on; { false; echo in; } && echo x; echo after`,
    `set -e; true | false; echo never`,
    `nonesuch 2>/dev/null; echo $?; ./nonesuch 2>/dev/null; echo $?; /etc/passwd 2>/dev/null; echo $?; mkdir d; ./d 2>/dev/null; echo $?`,
    `echo before
if; echo never`,
    `echo 'unclosed`,
    `eval 'if' 2>/dev/null; echo never`,
    `(eval 'for 1 in x; do :; done') 2>/dev/null; echo $?`,
    `set -n
echo never`,
    `x=1; x=2 : ; echo $x; x=3 true; echo $x; x=4 eval 'echo $x'; echo $x`,
    `a=1 b=$a; echo $b; a=2 b=$a true; echo $b; a=5 echo $a; echo $a`,
    `set -o errexit; false; echo never`,
    `echo 'exit 9' > s; chmod +x s; ./s; echo $?; sh s; echo $?; printf '#!/bin/sh\\necho "$0 $1"\\n' > t; chmod +x t; ./t arg; PATH=.:$PATH; t 2`,
  ],
};
