/** Scripts whose output and status are compared with those of the host's tools. By subject. */
export const cases: Readonly<Record<string, readonly string[]>> = {
  'cat and tee': [
    `printf 'a\\n\\n\\n\\nb\\tc\\001\\200\\377\\177' >f; for o in -n -b -s -E -T -v -A -e -t -ns -bs; do cat $o f; echo "|$?"; done`,
    `printf 'x\\ny' >a; printf 'z\\n' >b; cat a b; cat -n a b; echo in | cat a - b; cat a nothing b; echo $?`,
    `printf 'a\\n' | tee f g; cat f g; echo b | tee -a f; cat f; echo c | tee /nothing/x; echo $?; mkdir d; cat d; echo $?`,
  ],
  'head and tail': [
    `seq 20 >f; for o in '-n 3' '-n 0' '-3' '-c 5' '-n -15' '-c -40' '-n 100' '-c 1k' '-n -100'; do head $o f; echo "|$?"; done`,
    `seq 20 >f; for o in '-n 3' '-n 0' '-3' '-c 5' '-n +15' '-c +40' '-n 100' '-n +100' '-n +0' '-n +1' '-c 0'; do tail $o f; echo "|$?"; done`,
    `seq 3 >f; seq 4 >g; head -n 1 f g; tail -n 1 f g; head -v -n 1 f; tail -q -n 1 f g; head -n 1 f nothing g; echo $?; printf 'a\\nb' | tail -n 1; printf 'a\\nb' | head -n 2; : | tail`,
  ],
  wc: [
    `printf 'one two\\n three\\tfour\\n\\nfive' >f; seq 1000 >g; for o in '' -l -w -c -lw -L -m; do wc $o f g; wc $o f; wc $o <f; cat f | wc $o; done; wc f nothing; echo $?`,
  ],
  'names of files': [
    `for n in a a/b /a/b / // a/ a/b/ a//b// . .. '' /a; do basename "$n"; basename "$n" b; dirname "$n"; done`,
    `basename -a a/b c/d; basename -s .c a.c b.c .c; basename; echo $?; dirname a/b c /; cd /usr; pwd; pwd -P; env pwd; env pwd -L`,
    `ln -s f l; ln -s l m; : >f; ln -s nothing n; mkdir d; ln -s ../f d/x; for p in l m n d/x f nothing /; do readlink $p; echo $?; readlink -f $p; readlink -e $p; echo $?; realpath $p; echo $?; realpath -e $p; echo $?; done; readlink -n l; readlink -f d/../l no/such; echo $?`,
    `which sh nothing; echo $?; which /bin/sh; which; echo $?; true; echo $?; env true x; echo $?; env false; echo $?`,
  ],
  'copy, move, remove': [
    `echo a >a; cp a b; cat b; cp a b c; echo $?; mkdir d; cp a b d; ls d; cp d e; echo $?; cp -r d e; ls e; cp -r d e; ls e e/d; cp -r d d/in; echo $?`,
    `echo a >a; chmod 640 a; cp a b; stat -c %a b; chmod 444 b; echo n >n; cp -f n b; cat b; touch -t 200102030405.06 a; cp -p a c; stat -c '%a %Y' c; cp -a a e; stat -c '%a %Y' e`,
    `echo a >a; ln -s a l; cp l m; readlink m; echo $?; cp -P l n; readlink n; mkdir d; ln -s ../a d/l; cp -r d e; readlink e/l; cp -rL d f; readlink f/l; cat f/l; cp a a; echo $?; cp nothing x; echo $?; cp -r d/. g; ls g; mkdir h; cp -r d/. h; ls h`,
    `echo a >a; echo b >b; cp -n a b; cat b; cp -v a c; cp -t . b/../a; mkdir d; cp -T a d; echo $?; cp -v -r d e; touch -t 200001010000 old; echo o >>old; touch -t 200001010000 old; cp -u old b; cat b; mv -n a b; cat a b; mv -v a d; mv -v d x; ls x`,
    `mkdir -p a/b/c; echo f >a/b/f; mv a x; ls x/b; mv x/b/f .; cat f; mv f x; mv x x/b; echo $?; mv nothing y; echo $?; echo g >g; mv g x/b/c/h; cat x/b/c/h; mv x/f x/b x/c; echo $?; echo a >p; mkdir q; mv p q; ls q; mv -T q r; ls r`,
    `mkdir -p d/e; : >d/f; rm d; echo $?; rm -r d; ls; rm nothing; echo $?; rm -f nothing; echo $?; rm; echo $?; rm -f; echo $?; mkdir d; rm -d d; ls; rm -r .; echo $?; mkdir x; : >x/f; rm -d x; echo $?; rm -rv x; : >y; echo n | rm -i y; ls; echo y | rm -i y; ls`,
    `: >a; ln a b; stat -c %h a; ln -s a l; readlink l; ln a b; echo $?; ln -f a b; ln -sf b l; readlink l; mkdir d; ln a d; ls d; ln -s a d; echo $?; ln -s x d/y; readlink d/y; ln -s d dl; ln -sfn a dl; readlink dl; ln nothing x; echo $?; ln -sv q w; cd d; ln -s ../a/zz; readlink zz`,
  ],
  'make and change': [
    `umask 022; mkdir a b; mkdir a; echo $?; mkdir x/y; echo $?; mkdir -p x/y/z x/y; echo $?; mkdir -m 700 m; mkdir -m u=rx,g-w,o= n; stat -c '%a %n' a m n x/y; : >f; mkdir -p f/x; echo $?; mkdir -pv q/r/s/; mkdir -p f; echo $?; umask 077; mkdir -p v/w; stat -c %a v v/w`,
    `mkdir -p a/b/c d; rmdir a; echo $?; rmdir -p a/b/c; ls; rmdir d nothing; echo $?; : >f; rmdir f; echo $?`,
    `touch a; stat -c %s a; touch -c b; ls; echo $?; touch -t 202001020304.05 a; stat -c '%X %Y' a; touch -t 7001020304 b; stat -c %Y b; touch -m -t 200501010000 a; stat -c '%X %Y' a; touch -a -t 200601010000 a; stat -c '%X %Y' a; touch -r b a; stat -c %Y a; touch -d @99 a; stat -c %Y a; touch -d '2012-03-04 05:06:07' a; stat -c %Y a; touch -d 2012-03-04T05:06:07Z a; stat -c %Y a; touch -t x a; echo $?; touch no/x; echo $?`,
    `: >f; mkdir d; for m in 644 0 7777 u+x g-r o=rwx a=r +x -w =rw u=rw,go= u+s g+s +t a-st u=g g=u o+u u+x,g=u a+X 755 go-rwx ug=rwx,o-x u+rw-x; do chmod $m f d; echo $?; stat -c "$m %a %n" f d; done`,
    `umask 027; : >f; for m in +x =rw -w,+r a+w =; do chmod 600 f; chmod $m f; stat -c %a f; done; chmod x f; echo $?; chmod 8 f; echo $?; chmod 644 nothing; echo $?; mkdir -p d/e; : >d/g; chmod -R go-rwx d; stat -c %a d d/e d/g; chmod 644; echo $?; chmod -x f; stat -c %a f`,
    `f=$(mktemp); test -f "$f" && stat -c %a "$f"; rm "$f"; d=$(mktemp -d ./xXXXXXX); test -d "$d" && echo "\${#d}"; mktemp x; echo $?`,
  ],
  ls: [
    `mkdir d; : >b; : >a; : >.h; echo x >d/x; ln -s a l; ls; ls -a; ls -A; ls -1; ls -r; ls -F; ls -p; ls -d d; ls d a; ls -R; ls nothing a; echo $?; ls -C; ls -x; ls -d .*; ls l; ls -F l; ls -m >/dev/null 2>&1; ls d nothing; echo $?`,
    `for i in 1 2 3; do head -c $((i*7000)) /dev/zero >f$i; touch -t 20010203040$i f$i; done; mkdir d; touch -t 200101010101 d; mkfifo p; touch -t 200101010102 p; chmod 4755 f1; chmod 1777 d; ln f2 g; ls -l f* g; ls -lS f1 f2 f3; ls -lt f* g; ls -ltr f* p; ls -lh f*; ls -n f1; ls -g f1; ls -o f1; ls -ld d; ls -l p; ls -S; ls -lF; ls -l d`,
    `ln -s nothing n; ln -s d e; mkdir d; : >d/f; chmod +x d/f; ls e; ls -d e; ls -F; ls -L d e; ls -l n e | sed 's/.* n/n/;s/.* e/e/'; ls -F d; ls -l /dev/null | cut -c1-10`,
    `for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do : >name$i; : >x$((i*i)); done; for w in 20 40 60 80 200; do COLUMNS=$w ls -C | expand; COLUMNS=$w ls -x | expand; ls -C -w $w -F | expand; done`,
    `mkdir -p a/b/c d; : >a/x; : >a/b/y; ls -R a d; ls -R; ls -aR a | head -5; touch -d @0 old; ls -l old | cut -c1-10; ls -l a | head -1; head -c 20000 /dev/zero >big; ls -s big; ls -i >/dev/null; echo $?`,
  ],
  'sort, uniq, comm': [
    `printf '%s\\n' b a C A 10 9 -1 1.5 1.25 '' ' x' aa a >f; for o in '' -r -n -f -u -nr -fu -s -b -d -i -df -nu; do echo "[$o]"; sort $o f; done; sort -c f; echo $?; sort f | sort -c; echo $?; sort -o f f; cat f; sort -m f f; sort nothing; echo $?; sort -u -c f 2>/dev/null; echo $?`,
    `printf '%s\\n' 'b 2 x' 'a 10 y' 'a 9 z' 'c  1 w' 'a 9 a' >f; for k in 2 2n 2,2n 1,1 -k1,1r 2nr 1.1,1.1 3 2.2 '1,1 -k2n' '1,1r -k2,2n' 2b,2b '2,2nr -s' '1,1 -u' '1,1 -s' '3.1r,3.1'; do echo "[$k]"; sort -k $k f; done; sort -k 0 f; echo $?; printf 'x\\n\\tB\\n+\\t\\ta\\n' >g; sort -di g; sort -id g; sort -in g; echo $?`,
    `printf '%s\\n' a:3:x b:1:y :2: c a:1:x >f; sort -t: -k2 f; sort -t: -k2,2n f; sort -t : -k 1,1 -k 3r f; sort -t: -k3,3 -s f; sort -t: -u -k1,1 f; printf 'b\\0a\\0' | sort -z | od -c; printf 'x\\na' | sort; echo in | sort - f`,
    `printf '%s\\n' a a b c c c A a >f; for o in '' -c -d -u -i -ci -cd; do uniq $o f; done; printf '%s\\n' 'x 1a' 'y 1a' 'y 2a' 'y 2b' >g; uniq -f 1 g; uniq -s 2 g; uniq -w 1 g; uniq -f 1 -s 2 g; uniq -c <f; uniq g h; cat h; uniq nothing; echo $?; printf 'a\\na' | uniq -c`,
    `printf '%s\\n' a b d e >f; printf '%s\\n' b c e f >g; for o in '' -1 -2 -3 -12 -13 -23 -123; do comm $o f g; done; comm f - <g; comm f nothing; echo $?; comm f; echo $?`,
  ],
  'cut, paste, tr': [
    `printf 'a\\tb\\tc\\nx y z\\n\\n1\\t2\\n' >f; for o in '-f 1' '-f 2' '-f 1,3' '-f 2-' '-f -2' '-s -f 1' '-f 3,1' '-c 1' '-c 2-4' '-b -3' '-c 1,3,5-' '-d y -f 1' '-f 9'; do cut $o f; done; cut -d ' ' -f 2,3 f; cut f; echo $?; cut -f 0 f; echo $?; cut -f 3-2 f; echo $?; cut -f 1 nothing; echo $?; cut -c 1 -f 1 f; echo $?; printf 'a:b' | cut -d: -f2`,
    `seq 3 >f; seq 11 15 >g; paste f g; paste -d, f g; paste -s f g; paste -d ',;' -s g; paste -d ',;' f g f; seq 6 | paste - -; seq 6 | paste -d '\\n' - - -; paste -d '\\0' f g; paste -sd+ g; paste f nothing; echo $?; paste -d '' f g`,
    `x='Hello, World  aabbcc [x-y] 123'; t() { printf '%s\\n' "$x" | tr "$@"; echo "|$?"; }; t a-z A-Z; t '[:lower:]' '[:upper:]'; t -d l; t -d '[:digit:] '; t -s ' abc'; t -s a-z; t -cd '[:alpha:]'; t -c '[:alnum:]\\n' _; t -cs '[:alpha:]' '\\n'; t abc x; t abc 12; t -t abc 12; t '[a-c]' '[x*]'; t a-c '[x*2]y'; t 'a\\142' 12; t '\\n' ' '; t -ds l a-z; t z-a b; t; t a; t -d a b; t a ''; t 'a-' '+_'; t -d '\\133\\]-'; t '[=a=]' Q; t '[:foo:]' x; t ' ' '\\t'`,
  ],
  grep: [
    `printf '%s\\n' apple Banana 'cherry pie' 'apple pie' '' 'a.b' 'a+b' 'aab' 'word_word word' >f; for o in -n -v -c -i -l -q -o -w -x -F -E -L -h -H -nv -ci -ow -iw -vx; do for p in apple 'a.b' 'a+b' word '^a' 'e$' '' 'B' 'x'; do echo "[$o $p]"; grep $o -e "$p" f; echo $?; done; done`,
    `printf '%s\\n' abc abd xyz 'foo bar' foobar 'bar foo' aaa >f; grep -E 'ab(c|d)|xyz' f; grep 'ab\\(c\\)' f; grep -E 'a{2,}' f; grep 'a\\{3\\}' f; grep -E -o 'o+|a' f; grep -e abc -e xyz f; printf 'abc\\nxyz\\n' >p; grep -f p f; grep -vf p f; grep -F -f p f; grep -Fx abc f; grep -Fw foo f; grep 'abc
foo' f; grep '[[:digit:]]' f; echo $?; grep '[' f; echo $?; grep -E '(' f; echo $?; grep; echo $?; grep a nothing; echo $?; grep -s a nothing f; echo $?; grep -q a nothing f; echo $?; grep '\\(a\\)\\1' f`,
    `mkdir -p d/e; echo foo >d/a; echo bar >d/e/b; echo foo >d/e/c; grep -r foo d | sort; grep -rl foo d | sort; grep -rh foo d; grep -rc foo d | sort; cd d; grep -r foo | sort; grep foo a e/c; grep -h foo a e/c; grep foo e; echo $?; echo foo | grep -H foo; echo foo | grep -c foo - a; grep -L foo a e/b; echo $?`,
    `seq 30 >f; grep -vc 1 f; grep -A 2 5 f; grep -B 1 -n 7 f; grep -C 1 1 f; grep -c -m 2 1 f; grep -m 3 1 f; grep -A 1 -m 1 5 f; grep -n -C 2 '^1[05]$' f f; grep -oA1 5 f | head -3; grep -vn 1 f | head -3; printf 'no newline' | grep new; printf 'a\\0b\\n' | grep -c b`,
  ],
  'find and xargs': [
    `mkdir -p a/b/c x; : >a/f.c; echo hello >a/b/g.c; : >a/b/c/h.txt; ln -s a/f.c l; chmod 600 a/f.c; for e in '' '-name *.c' '-type d' '-type f' '-type l' '! -type d' '-name *.c -o -type l' '-empty' '-size +0c -type f' '-size 6c' '-size -1' '-size 1' '-perm 600' '-perm -400' '-perm /7000' '-maxdepth 1' '-mindepth 2' '-depth' '-path *b/*' '-iname *.TXT' '( -name a -prune ) -o -print' '-name b -prune -o -name *.c -print' '-newer a/f.c -false' '-links 1 -type f' '-user 0 -type l' '-mtime -1 -type f' '-mtime +1' '-mmin -60 -name f.c' '-type f,l' '-name a -quit -o -false'; do echo "[$e]"; set -f; find . $e | sort; set +f; done; find a x -type d | sort; find nothing; echo $?; find . -bad; echo $?; find . -name; echo $?; find . '(' -name x; echo $?; find l; find -L l -type f; find -H l -type f`,
    `mkdir d; : >d/a; : >'d/b c'; find d -type f -exec echo x {} y ';' | sort; find d -name a -exec cat {} +; find d -type f -exec echo {} + | wc -w; find d -type f -exec false ';' -print; find d -type f ! -exec false ';' -print | sort; find d -name a -exec false {} +; echo $?; find d -type f -print0 | sort -z | xargs -0 ls -1; find d -name 'b*' -delete; ls d; find d -exec; echo $?; find d -delete; ls; find d -name 'a' -exec sh -c 'echo $0' {} ';'; echo n | find . -ok echo {} ';'; find -maxdepth 0`,
    `seq 10 | xargs; seq 10 | xargs -n 3; seq 10 | xargs -n 3 echo x; seq 3 | xargs -I {} echo a{}b{}; printf 'a "b c" d\\\\ e\\n' | xargs -n 1; printf "'x y' z\\n" | xargs -n 1 echo; printf 'a b\\nc d\\ne\\n' | xargs -L 1; printf 'a b\\nc d\\ne\\n' | xargs -L 2; : | xargs echo none; : | xargs -r echo none; printf 'a\\0b c\\0' | xargs -0 -n 1; seq 3 | xargs false; echo $?; seq 3 | xargs nothing; echo $?; echo 1 | xargs sh -c 'exit 255'; echo $?; echo 'a "b' | xargs; echo $?; seq 100 | xargs -s 60 | head -3; printf ' a b \\n c\\n' | xargs -I X echo '[X]'; seq 4 | xargs -E 3; echo 1 2 | xargs -t 2>&1`,
  ],
  'programs and their ends': [
    `env -i a=1 b=2 env; env -u HOME sh -c 'echo "[$HOME]"'; env -i x=y; env nothing; echo $?; env /; echo $?; env false; echo $?; env - a=b sh -c 'echo $a'; env a=b=c sh -c 'echo $a'`,
    `sleep 0; sleep 0.01s 0m; echo $?; sleep x; echo $?; sleep; echo $?; timeout 5 sh -c 'exit 3'; echo $?; timeout 0.1 sleep 5; echo $?; timeout -s KILL 0.1 sleep 5; echo $?; timeout 1 nothing; echo $?; timeout; echo $?; timeout x true; echo $?; timeout 0 true; echo $?; timeout -k 0.2 0.1 sh -c 'trap "" TERM; while :; do :; done'; echo $?`,
    `sleep 9 & env kill $!; wait $!; echo $?; sleep 9 & env kill -9 $!; wait $!; echo $?; sleep 9 & env kill -s USR1 $!; wait $!; echo $?; sleep 9 & env kill -SIGHUP $!; wait $!; echo $?; env kill -l 9; env kill -l 15; env kill -l HUP; env kill x; echo $?; env kill -0 $$; echo $?; env kill; echo $?`,
  ],
  'about the system': [
    `id -u; id -g; id -un; id -gn; id -G; id root; id -u nobody; id nouser; echo $?; uname; uname -s; uname -n; uname -r; uname -m; uname -sr; uname -nm; hostname; yes | head -n 2; yes a b | head -n 2`,
    `seq 3; seq 2 4; seq 1 3 10; seq 5 -2 -3; seq -w 8 11; seq -s , 3; seq 3 1; echo $?; seq 1 0 3; echo $?; seq x; echo $?; seq -2 1; seq -w -2 10; seq; echo $?; seq -s '' 3`,
    `date -u -d @0; date -d @86399 '+%Y-%m-%d %H:%M:%S %j %a %A %b %B %d %e %p %y %Z %% %n%t%D %T %R %C %u %w'; date +x; date +; date x; echo $?; touch -d @99 f; date -r f +%S; date -r nothing; echo $?; date -d @1700000000 +%U%W%V%G%g%h%I%M%r%c%x%X`,
  ],
  sed: [
    `seq 12 >f; for s in p 3p '3,5p' '/1/p' '$p' '2,/5/p' '/3/,/5/d' '3!d' '/^1/!d' '5q' '3,1d' '/2/,4d' '$!d' '2,4!s/./x/' '/1/,/1/d' 's/1/<&>/' 's/1/x/g' 's/\\(.\\)\\(.\\)/\\2\\1/' '=' '/5/{s/5/five/;p;}' 'y/123/abc/' '1!G;h;$!d' 'n;d' '$!N;s/\\n/-/' 'N;P;D' '$!{h;d;};x;G' ':a;N;$!ba;s/\\n/,/g' '0p' '5q7' '2,4q' '/1/,/2/q' 'l' '/x/b e;s/1/y/;:e' 's/1/x/;t;s/$/!/' '5,d' '#n' '{p' 'p}' 'k' 's/a/b' 's/1/x/2' 's/./&&/2p'; do echo "[$s]"; sed "$s" f; echo $?; sed -n "$s" f; done`,
    `printf 'hello world\\nfoo/bar\\n\\naaa bbb\\n' >f; sed 's|/|:|' f; sed 's/\\//:/' f; sed 's/o*/x/g' f; sed 's/b*/-/2' f; sed 's/[/]/!/' f; sed 's,a\\,*,z,' f; sed 's/x*$/E/' f; sed 's/a/\\n/g' f; sed 's/a/b\\
c/' f; sed 's/\\(a\\)*/[\\1]/' f; sed -E 's/(l+)(o)?/<\\1|\\2>/g' f; sed -E 's/^|$/"/g' f; sed 's/O/x/Ig' f; sed 's/.*/"&"/;s/\\&/and/' f; sed 's/\\.//;s/o/\\&/' f; sed '/^$/d' f; sed -e 1d -e 's/a/A/' f; printf 's/a/1/\\n# c\\n/b/p\\n' >s; sed -f s f; sed -n -f s -e p f; sed -n '/foo/,$p' f; sed '\\,foo/,d' f; sed 's/aaa/x/;//d' f; sed -n 's/l/L/3p' f; sed 's/[[:space:]].*//' f; sed 's/w\\(.*\\)d/\\1\\1/' f`,
    `seq 4 >f; sed '2a\\
after' f; sed '2i\\
before\\
two' f; sed '2c\\
changed' f; sed '2,3c\\
range' f; sed '$a end' f; sed '1i first' f; sed 'a\\  indented' f; sed '2r f' f; sed -n '2w out
3w out' f; cat out; sed 's/3/x/w out' f; cat out; sed '2!c x' f; sed '1~2d' f >/dev/null 2>&1; printf 'a\\nb' | sed p; printf 'a\\nb' | sed -n '$p'; printf 'a\\nb' | sed 'G'; printf 'a' >g; sed p g f; sed '$d' g f; sed nothing; echo $?; sed p nothing f; echo $?; sed; echo $?; printf 'a\\tb\\001\\\\%0100d\\n' 1 | sed -n l; seq 3 | sed 2q; seq 3 | sed '$!N;$!D'; sed -n '$=' f; sed '2{/2/{s/2/deep/;};p;}' f; sed 'x;1d' f; sed 'N;N;N;N' f; sed -n '2{n;p;}' f; sed 'y/1\\n/a /' f; sed 'y/ab/c/' f; echo $?; sed 'b x' f || echo bad; sed 's/\\(/x/' f; echo $?; sed '2,3{d' f; echo $?; sed '2D;P' f`,
  ],
  'bytes and digests': [
    `seq 30 >f; seq 30 | sed 's/5/x/' >g; head -c 20 f >h; cmp f g; echo $?; cmp -l f g; echo $?; cmp -s f g; echo $?; cmp f h; echo $?; cmp f f; echo $?; cmp -l f h; echo $?; cmp f - <f; echo $?; cmp f nothing; echo $?; cmp f; echo $?`,
    `head -c 100 /dev/zero >z; { seq 20; cat z; printf 'end\\200\\377'; } >f; hexdump -C f; hexdump -Cv f; hexdump -C -n 20 f; hexdump -C -s 5 f; hexdump -C z; hexdump -C /dev/null; printf 'abcdefghijklmnop' | hexdump -C; printf 'ab\\0abcd\\001hello\\tworld\\nxyz\\200longer' >s; strings s; strings -n 2 s; strings <s`,
    `seq 1000 >f; : >e; for n in 1 54 55 56 57 63 64 65 119 120 128; do head -c $n f | sha256sum; done; sha256sum f e - <f; sha256sum f e >s; sha256sum -c s; echo $?; echo x >>e; sha256sum -c s; echo $?; sha256sum nothing; echo $?; for n in 0 1 2 3 4 56 57 58 100 114; do head -c $n f | base64; head -c $n f | base64 -w 20; head -c $n f | base64 | base64 -d | cmp - f 2>/dev/null; done; head -c 10 f | base64 -w 0; echo YWI= | base64 -d; echo YWI | base64 -d 2>/dev/null; echo $?; echo '*' | base64 -d; echo $?`,
  ],
  expr: [
    `e() { expr "$@"; echo "|$?"; }; e 1 + 2; e 2 '*' 3 + 1; e 1 + 2 '*' 3; e '(' 1 + 2 ')' '*' 3; e 7 / 2; e -7 / 2; e -7 % 3; e 1 / 0; e a + 1; e 1 - 1; e 0; e ''; e a; e 1 '<' 2; e a '<' b; e 10 '>' 9; e a = a; e a '!=' a; e 1 '<=' 1 '>=' 0; e '' '|' x; e 0 '|' 0; e a '&' b; e a '&' 0; e abc : 'a.'; e abc : 'a\\(.\\)'; e abc : x; e abc : 'x\\(.\\)'; e length abc; e substr hello 2 3; e substr hello 0 3; e substr hello 4 9; e index hello lo; e index hello z; e match abc 'b*'; e + length; e 1 +; e; e 1 2; e '(' 1; e -1; e 00; e - = -`,
  ],
};
