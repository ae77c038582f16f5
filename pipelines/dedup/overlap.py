"""Counting what two sets of shingles share. All sets are sorted arrays, many of them in one `Ragged`."""

import numpy as np

from pipelines.dedup.compiled import compiled


@compiled
def overlaps(values, offsets, left, right, template):  # type: ignore[no-untyped-def]
    """For each pair of rows (left[k], right[k]): six counts, shape (pairs, 6).

    `template` marks, value by value, what is boilerplate on that row's host. Counted are: all shared; then, with everything left out that
    is boilerplate on either side: shared, of the left, of the right; then the shared ones and the smaller side among shingles with digits
    (lowest bit set).
    """
    counts = np.zeros((len(left), 7), np.int64)
    for k in range(len(left)):
        i, i_end = offsets[left[k]], offsets[left[k] + 1]
        j, j_end = offsets[right[k]], offsets[right[k] + 1]
        row = counts[k]
        while i < i_end or j < j_end:
            if j == j_end or (i < i_end and values[i] < values[j]):
                if not template[i]:
                    row[2] += 1
                    row[5] += values[i] & 1
                i += 1
            elif i == i_end or values[j] < values[i]:
                if not template[j]:
                    row[3] += 1
                    row[6] += values[j] & 1
                j += 1
            else:
                row[0] += 1
                if not (template[i] or template[j]):
                    row[1] += 1
                    row[2] += 1
                    row[3] += 1
                    digit = values[i] & 1
                    row[4] += digit
                    row[5] += digit
                    row[6] += digit
                i += 1
                j += 1
    return counts
