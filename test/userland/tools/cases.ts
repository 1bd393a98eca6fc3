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
};
