# What a newcomer sees: a crawl through Scrapy whose answers come from an archive, and what can be asked afterwards.
set -e
data=demo-data
archive=$(dirname "$0")/demo.warc.gz
rm -rf "$data"

# Prints a command as one would type it, then runs it.
run() {
    printf '\n$ copydesk'
    for word; do
        case $word in *[!A-Za-z0-9_./:=-]*) printf ' "%s"' "$word" ;; *) printf ' %s' "$word" ;; esac
    done
    printf '\n'
    copydesk "$@"
}

run crawl --replay "$archive" --data "$data" --log text
run story https://congluan.vn/nhat-ban-dua-tau-cho-hang-chay-hydro-vao-tuyen-kobe-yokohama-post351204.html --data "$data"
run sql "FROM syndication" --data "$data" --log text
run sql "SELECT language, n_articles, n_canonical, n_copies FROM languages ORDER BY n_articles DESC, language" --data "$data" --log text
run runs --data "$data" --log text

printf '\nThe tables are in %s: pd.read_parquet("%s/articles"), or any other reader of Parquet.\n' "$data" "$data"
