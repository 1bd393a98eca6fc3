// Tables, trees and lists of <search.h>.
#include <errno.h>
#include <search.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

// One hash table, with open addressing. It grows, so that it is never full.

static ENTRY *table;
static size_t table_size, table_count; ///< the size is a power of two

static size_t hash(const char *key)
{
    uint64_t value = 14695981039346656037u; // FNV-1a
    while (*key != '\0')
    {
        value = (value ^ (unsigned char)*key++) * 1099511628211u;
    }
    return value ^ value >> 32;
}

static ENTRY *slot(ENTRY *in, size_t size, const char *key)
{
    size_t i = hash(key) & (size - 1);
    while (in[i].key != NULL && strcmp(in[i].key, key) != 0)
    {
        i = (i + 1) & (size - 1);
    }
    return &in[i];
}

int hcreate(size_t count)
{
    if (table != NULL)
    {
        return 0;
    }
    size_t size = 16;
    while (size / 4 * 3 < count && size < SIZE_MAX / 4)
    {
        size *= 2;
    }
    table = calloc(size, sizeof *table);
    if (table == NULL)
    {
        errno = ENOMEM;
        return 0;
    }
    table_size  = size;
    table_count = 0;
    return 1;
}

void hdestroy(void)
{
    free(table);
    table = NULL;
}

ENTRY *hsearch(ENTRY entry, ACTION action)
{
    if (table == NULL)
    {
        errno = EINVAL;
        return NULL;
    }
    ENTRY *found = slot(table, table_size, entry.key);
    if (found->key != NULL)
    {
        return found;
    }
    if (action == FIND)
    {
        errno = ESRCH;
        return NULL;
    }
    if (table_count + 1 > table_size / 4 * 3)
    {
        // Entries move: pointers handed out before hold only until here, which POSIX permits by a table that may be full.
        ENTRY *larger = calloc(table_size * 2, sizeof *larger);
        if (larger == NULL)
        {
            errno = ENOMEM;
            return NULL;
        }
        for (size_t i = 0; i < table_size; i++)
        {
            if (table[i].key != NULL)
            {
                *slot(larger, table_size * 2, table[i].key) = table[i];
            }
        }
        free(table);
        table = larger;
        table_size *= 2;
        found = slot(table, table_size, entry.key);
    }
    *found = entry;
    table_count++;
    return found;
}

// Trees: AVL. The key comes first, so that a pointer to a node is one to a pointer to the key.

struct node
{
    const void *key;
    struct node *children[2];
    int height;
};

typedef int compare_t(const void *, const void *);

static int height(const struct node *node)
{
    return node == NULL ? 0 : node->height;
}

static void update(struct node *node)
{
    const int left = height(node->children[0]), right = height(node->children[1]);
    node->height = 1 + (left > right ? left : right);
}

/// The child on `side` becomes the root of the subtree.
static struct node *rotate(struct node *node, int side)
{
    struct node *child         = node->children[side];
    node->children[side]       = child->children[!side];
    child->children[!side]     = node;
    update(node);
    update(child);
    return child;
}

static struct node *balance(struct node *node)
{
    update(node);
    const int lean = height(node->children[1]) - height(node->children[0]);
    if (lean >= -1 && lean <= 1)
    {
        return node;
    }
    const int side     = lean > 0;
    struct node *child = node->children[side];
    if (height(child->children[!side]) > height(child->children[side]))
    {
        node->children[side] = rotate(child, !side);
    }
    return rotate(node, side);
}

static struct node *insert(struct node *node, const void *key, compare_t *compare, struct node **found)
{
    if (node == NULL)
    {
        node = malloc(sizeof *node);
        if (node != NULL)
        {
            *node = (struct node) { .key = key, .height = 1 };
        }
        *found = node;
        return node;
    }
    const int order = compare(key, node->key);
    if (order == 0)
    {
        *found = node;
        return node;
    }
    struct node **child = &node->children[order > 0];
    *child              = insert(*child, key, compare, found);
    return balance(node);
}

void *tsearch(const void *key, void **root, compare_t *compare)
{
    if (root == NULL)
    {
        return NULL;
    }
    struct node *found = NULL;
    *root              = insert(*root, key, compare, &found);
    return found;
}

void *tfind(const void *key, void *const *root, compare_t *compare)
{
    const struct node *node = root == NULL ? NULL : *root;
    while (node != NULL)
    {
        const int order = compare(key, node->key);
        if (order == 0)
        {
            break;
        }
        node = node->children[order > 0];
    }
    return (void *)node;
}

/// Takes the least node out of the tree.
static struct node *take_first(struct node *node, struct node **first)
{
    if (node->children[0] == NULL)
    {
        *first = node;
        return node->children[1];
    }
    node->children[0] = take_first(node->children[0], first);
    return balance(node);
}

/// `*parent`: the parent of what was removed.
static struct node *take(struct node *node, const void *key, compare_t *compare, struct node *above, struct node **parent)
{
    if (node == NULL)
    {
        return NULL;
    }
    const int order = compare(key, node->key);
    if (order != 0)
    {
        struct node **child = &node->children[order > 0];
        *child              = take(*child, key, compare, node, parent);
        return balance(node);
    }
    *parent             = above;
    struct node *result = node->children[0];
    if (node->children[1] != NULL)
    {
        struct node *next;
        struct node *right = take_first(node->children[1], &next);
        next->children[0]  = node->children[0];
        next->children[1]  = right;
        result             = balance(next);
    }
    free(node);
    return result;
}

void *tdelete(const void *restrict key, void **restrict root, compare_t *compare)
{
    if (root == NULL || *root == NULL)
    {
        return NULL;
    }
    // The result for the root itself is any pointer that is not null.
    static struct node no_parent;
    struct node *parent = NULL;
    *root               = take(*root, key, compare, &no_parent, &parent);
    return parent;
}

static void walk(const struct node *node, void (*visit)(const void *, VISIT, int), int depth)
{
    if (node->children[0] == NULL && node->children[1] == NULL)
    {
        visit(node, leaf, depth);
        return;
    }
    visit(node, preorder, depth);
    if (node->children[0] != NULL)
    {
        walk(node->children[0], visit, depth + 1);
    }
    visit(node, postorder, depth);
    if (node->children[1] != NULL)
    {
        walk(node->children[1], visit, depth + 1);
    }
    visit(node, endorder, depth);
}

void twalk(const void *root, void (*visit)(const void *, VISIT, int))
{
    if (root != NULL && visit != NULL)
    {
        walk(root, visit, 0);
    }
}

void tdestroy(void *root, void (*release)(void *))
{
    struct node *node = root;
    if (node != NULL)
    {
        tdestroy(node->children[0], release);
        tdestroy(node->children[1], release);
        release((void *)node->key);
        free(node);
    }
}

// Arrays.

void *lfind(const void *key, const void *array, size_t *count, size_t size, compare_t *compare)
{
    const char *element = array;
    for (size_t i = 0; i < *count; i++, element += size)
    {
        if (compare(key, element) == 0)
        {
            return (void *)element;
        }
    }
    return NULL;
}

void *lsearch(const void *key, void *array, size_t *count, size_t size, compare_t *compare)
{
    void *found = lfind(key, array, count, size, compare);
    return found != NULL ? found : memcpy((char *)array + (*count)++ * size, key, size);
}

// Lists.

struct element
{
    struct element *next, *previous;
};

void insque(void *element, void *after)
{
    struct element *new = element, *before = after;
    new->previous = before;
    new->next     = before != NULL ? before->next : NULL;
    if (before != NULL)
    {
        before->next = new;
    }
    if (new->next != NULL)
    {
        new->next->previous = new;
    }
}

void remque(void *element)
{
    const struct element *old = element;
    if (old->next != NULL)
    {
        old->next->previous = old->previous;
    }
    if (old->previous != NULL)
    {
        old->previous->next = old->next;
    }
}
