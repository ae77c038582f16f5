# What a newcomer sees: a crawl through Scrapy whose answers come from an archive, and what can be asked afterwards.
set -e
data=demo-data
archive=$(dirname "$0")/demo.warc.gz
rm -rf "$data"

run() { printf '\n$ copydesk %s\n' "$*"; copydesk "$@"; }

run crawl --replay "$archive" --data "$data" --log text
run story https://congluan.vn/nhat-ban-dua-tau-cho-hang-chay-hydro-vao-tuyen-kobe-yokohama-post351204.html --data "$data"
run sql "SELECT language, count(*) AS articles, count(*) FILTER (duplicate_of IS NULL) AS clean FROM articles_latest GROUP BY ALL ORDER BY articles DESC" --data "$data" --log text
run runs --data "$data" --log text

printf '\nThe tables are in %s: pd.read_parquet("%s/articles"), or any other reader of Parquet.\n' "$data" "$data"
