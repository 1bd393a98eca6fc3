// Random operations on the runtime's containers and on the standard library's: both must agree, also when memory runs out.
#include "native-heap.hpp"

#include <cstdio>
#include <cstdlib>
#include <random>
#include <runtime/hash-map.hpp>
#include <runtime/list.hpp>
#include <runtime/reference.hpp>
#include <string>
#include <unordered_map>
#include <vector>

namespace
{
    std::mt19937 random_numbers { 1 };

    size_t below(size_t bound)
    {
        return random_numbers() % bound;
    }

    void require(bool condition, const char *what)
    {
        if (!condition)
        {
            std::printf("wrong: %s\n", what);
            std::exit(1);
        }
    }

    std::string standard(runtime::text view)
    {
        return { view.characters == nullptr ? "" : view.characters, view.length };
    }

    runtime::text text_of(const std::string &characters)
    {
        return { characters.data(), characters.size() };
    }

    runtime::string own(const std::string &characters)
    {
        runtime::string made;
        require(made.assign(text_of(characters)), "a string without a limit");
        return made;
    }

    /// Refuses some allocations.
    void maybe_limit()
    {
        native::set_heap_limit(below(8) == 0 ? native::heap_in_use() : SIZE_MAX);
    }

    void check_vector()
    {
        runtime::vector<runtime::string> tested;
        std::vector<std::string>         model;
        for (int step = 0; step < 20000; ++step)
        {
            const size_t index = below(model.size() + 1);
            const auto   value = std::string(below(40), static_cast<char>('a' + below(26)));
            auto         moved = own(value);
            maybe_limit();
            switch (below(model.size() > 60 ? 2 : 5))
            {
                case 0 :
                    if (index < model.size())
                    {
                        tested.erase(index);
                        model.erase(model.begin() + static_cast<long>(index));
                    }
                    break;
                case 1 :
                    if (tested.resize(index))
                    {
                        model.resize(index);
                    }
                    break;
                default :
                    if (tested.insert(index, runtime::move(moved)))
                    {
                        model.insert(model.begin() + static_cast<long>(index), value);
                    }
            }
            native::set_heap_limit(SIZE_MAX);
            require(tested.size() == model.size(), "vector size");
            for (size_t i = 0; i < model.size(); ++i)
            {
                require(standard(tested[i]) == model[i], "vector element");
            }
        }
    }

    void check_map()
    {
        runtime::hash_map<runtime::string, int, runtime::text> tested;
        std::unordered_map<std::string, int>                   model;
        for (int step = 0; step < 50000; ++step)
        {
            const auto name = std::to_string(below(400));
            auto       key  = own(name);
            maybe_limit();
            if (model.contains(name))
            {
                require(tested.find(text_of(name)) != nullptr && *tested.find(text_of(name)) == model[name], "map finds");
                if (below(2) == 0)
                {
                    require(tested.erase(text_of(name)), "map erases");
                    model.erase(name);
                }
            }
            else
            {
                require(tested.find(text_of(name)) == nullptr && !tested.erase(text_of(name)), "map finds nothing");
                if (tested.insert(runtime::move(key), step) != nullptr)
                {
                    model[name] = step;
                }
            }
            native::set_heap_limit(SIZE_MAX);
            require(tested.size() == model.size(), "map size");
        }
        size_t visited = 0;
        tested.for_each([&](const runtime::string &key, int &value) {
            require(model.at(standard(key)) == value, "map visits what it has");
            ++visited;
        });
        require(visited == model.size(), "map visits all");
    }

    struct node
    {
        int                      number = 0;
        runtime::list_link<node> link;
    };

    void check_list()
    {
        node                                   nodes[50];
        std::vector<int>                       model;
        runtime::list<node, &node::link>       tested;
        for (int i = 0; i < 50; ++i)
        {
            nodes[i].number = i;
        }
        for (int step = 0; step < 20000; ++step)
        {
            node &chosen = nodes[below(50)];
            std::erase(model, chosen.number);
            switch (below(3))
            {
                case 0 : chosen.link.unlink(); break;
                case 1 :
                    tested.push_back(chosen);
                    model.push_back(chosen.number);
                    break;
                default : tested.push_front(chosen); model.insert(model.begin(), chosen.number);
            }
            require(tested.empty() == model.empty(), "list emptiness");
            require(model.empty() ? tested.front() == nullptr : tested.front()->number == model.front() && tested.back()->number == model.back(), "list ends");
            std::vector<int> seen;
            for (node &visited : tested)
            {
                seen.push_back(visited.number);
            }
            require(seen == model, "list order");
        }
        for (node &visited : tested)
        {
            visited.link.unlink();
        }
        require(tested.empty(), "a list can be emptied while it is walked");
    }

    struct shared : runtime::counted
    {
        explicit shared(int &ended) : ended(ended)
        {
        }

        ~shared()
        {
            ++ended;
        }

        int &ended;
    };

    void dispose(shared *object)
    {
        runtime::destroy(object);
    }

    void check_reference()
    {
        int                        ended = 0;
        runtime::reference<shared> first { runtime::create<shared>(ended) };
        {
            runtime::reference<shared> second = first;
            runtime::reference<shared> third  = runtime::move(second);
            require(first->reference_count() == 2 && !second && third == first, "references are counted");
            third = third;
            third = first;
            require(first->reference_count() == 2, "assignment to oneself changes nothing");
        }
        first = nullptr;
        require(ended == 1, "the last reference ends the object");
    }
}

int main()
{
    check_vector();
    check_map();
    check_list();
    check_reference();
    require(native::heap_in_use() == 0, "all memory is given back");
    std::puts("ok");
}
