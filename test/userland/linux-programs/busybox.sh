# Run by busybox's shell, here and on Linux: the output must be the same. In a directory of its own, with busybox as $BUSYBOX.
for applet in cat cut expr grep head ls mkdir mv rm sed seq sleep sort tail tr uniq wc xargs awk find cmp dd test env printf tee od cp ln basename dirname md5sum sha256sum gzip gunzip tar diff; do
  eval "$applet() { \"\$BUSYBOX\" $applet \"\$@\"; }"
done

echo "== pipes"
seq 1 200 | sort -r | head -n 3
printf 'b\na\nc\na\n' | sort | uniq -c | tr -s ' '
seq 1 5000 | wc
echo hidden | cat | cat | cat | tr a-z A-Z

echo "== redirections"
echo first > file; echo second >> file; cat < file
cat <<END
here $((6 * 7))
END
{ echo out; echo err >&2; } 2> errors; cat errors
exec 3> third; echo through three >&3; exec 3>&-; cat third
ls missing 2>&1 | sed 's/^[^:]*: //'

echo "== status"
false; echo $?
(exit 42); echo $?
sh_status() { return 7; }; sh_status; echo $?
"$BUSYBOX" sh -c 'kill -9 $$'; echo $?
"$BUSYBOX" sh -c 'kill -TERM $$'; echo $?
nonexistent-command 2> /dev/null; echo $?
true | false; echo $?
! true; echo $?

echo "== expansion"
x=hello; echo ${x%lo} ${x#he} ${#x} ${y:-default} ${x:+set}
set -- a 'b c' d; echo $#; for each in "$@"; do echo "<$each>"; done
echo $(echo nested $(echo substitution))
case "$x" in h*) echo matched;; *) echo not;; esac
i=0; while [ $i -lt 3 ]; do i=$((i + 1)); [ $i = 2 ] && continue; echo round $i; done

echo "== files"
mkdir -p deep/er/still; echo content > deep/er/still/leaf; find deep | sort
cp -r deep copy; mv copy/er copy/renamed; find copy | sort
ln -s deep/er/still/leaf soft; cat soft; ln deep/er/still/leaf hard; cat hard
chmod_test() { "$BUSYBOX" chmod 640 hard; "$BUSYBOX" stat -c '%a %h %s %F' hard; }; chmod_test
rm -r copy; [ -e copy ] || echo gone
cd deep/er; "$BUSYBOX" pwd | sed 's,.*/deep,deep,'; cd ../..
dd if=/dev/zero bs=1000 count=5 2> /dev/null | wc -c
echo 12345 | dd bs=1 skip=1 count=3 2> /dev/null; echo
printf '\001\002\377' | od -c
echo *

echo "== text"
seq 1 10 | awk '{ sum += $1 } END { print sum, sum / NR }'
printf 'one two\nthree four\n' | sed -n 's/\(.*\) \(.*\)/\2 \1/p'
printf 'a:b:c\n' | cut -d: -f2
seq 1 30 | grep 7
seq 1 5 | xargs echo
seq 1 6 | xargs -n 2 echo
seq 1 1000 | md5sum
seq 1 1000 | sha256sum
seq 1 5000 > numbers; gzip -c numbers > numbers.gz; gunzip -c numbers.gz | cmp - numbers && echo same
tar -cf archive.tar deep; tar -tf archive.tar
seq 1 5 > left; seq 2 6 > right; diff left right

echo "== processes"
sleep 0.05 & wait $!; echo waited $?
"$BUSYBOX" sh -c 'exit 5' & wait $!; echo $?
for n in 1 2 3; do (exit $n) & done; wait; echo all
(trap 'echo caught; exit 3' TERM; kill -TERM $("$BUSYBOX" sh -c 'echo $PPID'); echo not reached); echo $?
trap 'echo user signal' USR1; kill -USR1 $$; trap - USR1
trap 'echo at exit' EXIT
"$BUSYBOX" sh -c 'trap "" INT; kill -INT $$; echo ignored'
n=0; for n in $(seq 1 15); do "$BUSYBOX" true || echo failed; done; echo $n forks
yes_head() { "$BUSYBOX" yes | head -n 2; }; yes_head
echo 'echo from a script $1 $#' > script; "$BUSYBOX" sh script argument
printf '#!%s sh\necho interpreted $1\n' "$BUSYBOX" > direct; "$BUSYBOX" chmod +x direct; ./direct argument
"$BUSYBOX" env -i A=1 "$BUSYBOX" env
"$BUSYBOX" timeout 0.2 "$BUSYBOX" sleep 50; echo $?
(ulimit -n 64; ulimit -n)
umask 027; : > masked; "$BUSYBOX" stat -c %a masked
"$BUSYBOX" id -u; "$BUSYBOX" expr 2 + 3
mkfifo_test() { "$BUSYBOX" mkfifo pipe; cat pipe & echo through the fifo > pipe; wait; }; mkfifo_test
