// Sorting and searching arrays. qsort is a merge sort, so that equal elements keep their order; without memory for that
// it is a heap sort.
#include <stdlib.h>
#include <string.h>

typedef int compare_function(const void *, const void *, void *);

struct sort
{
    size_t size; ///< of an element
    compare_function *compare;
    void *context;
};

static void swap(char *left, char *right, size_t size)
{
    for (; size > 0; size--, left++, right++)
    {
        const char byte = *left;
        *left           = *right;
        *right          = byte;
    }
}

static void insertion_sort(const struct sort *sort, char *array, size_t count)
{
    for (size_t i = 1; i < count; i++)
    {
        for (char *at = array + i * sort->size; at > array && sort->compare(at - sort->size, at, sort->context) > 0;
             at -= sort->size)
        {
            swap(at - sort->size, at, sort->size);
        }
    }
}

/// `scratch` has room for half of the array.
static void merge_sort(const struct sort *sort, char *array, size_t count, char *scratch)
{
    if (count <= 6)
    {
        insertion_sort(sort, array, count);
        return;
    }
    const size_t size = sort->size, half = count / 2;
    char *middle = array + half * size, *end = array + count * size;
    merge_sort(sort, array, half, scratch);
    merge_sort(sort, middle, count - half, scratch);
    if (sort->compare(middle - size, middle, sort->context) <= 0)
    {
        return;
    }
    memcpy(scratch, array, half * size);
    const char *left = scratch, *left_end = scratch + half * size, *right = middle;
    for (char *to = array; left < left_end; to += size)
    {
        if (right < end && sort->compare(left, right, sort->context) > 0)
        {
            memcpy(to, right, size);
            right += size;
        }
        else
        {
            memcpy(to, left, size);
            left += size;
        }
    }
}

static void heap_sort(const struct sort *sort, char *array, size_t count)
{
    const size_t size = sort->size;
    size_t start      = count / 2;
    while (count > 1)
    {
        if (start > 0)
        {
            start--;
        }
        else
        {
            count--;
            swap(array, array + count * size, size);
        }
        for (size_t at = start, child; (child = 2 * at + 1) < count; at = child)
        {
            if (child + 1 < count
                && sort->compare(array + child * size, array + (child + 1) * size, sort->context) < 0)
            {
                child++;
            }
            if (sort->compare(array + at * size, array + child * size, sort->context) >= 0)
            {
                break;
            }
            swap(array + at * size, array + child * size, size);
        }
    }
}

void qsort_r(void *array, size_t count, size_t size, compare_function *compare, void *context)
{
    const struct sort sort = { size, compare, context };
    if (count < 2 || size == 0)
    {
        return;
    }
    char on_stack[1024];
    const size_t needed = count / 2 * size;
    if (needed <= sizeof on_stack)
    {
        merge_sort(&sort, array, count, on_stack);
        return;
    }
    char *scratch = malloc(needed);
    if (scratch == NULL)
    {
        heap_sort(&sort, array, count);
        return;
    }
    merge_sort(&sort, array, count, scratch);
    free(scratch);
}

static int call_without_context(const void *left, const void *right, void *compare)
{
    return ((int (*)(const void *, const void *))compare)(left, right);
}

void qsort(void *array, size_t count, size_t size, int (*compare)(const void *, const void *))
{
    qsort_r(array, count, size, call_without_context, (void *)compare);
}

void *bsearch(
    const void *key, const void *array, size_t count, size_t size, int (*compare)(const void *, const void *))
{
    const char *start = array;
    while (count > 0)
    {
        const char *middle = start + count / 2 * size;
        const int order    = compare(key, middle);
        if (order == 0)
        {
            return (void *)middle;
        }
        if (order > 0)
        {
            start = middle + size;
            count -= count / 2 + 1;
        }
        else
        {
            count /= 2;
        }
    }
    return NULL;
}
