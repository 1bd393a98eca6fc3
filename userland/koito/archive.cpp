#include "archive.hpp"

namespace koito
{
    archive_status archive_reader::next()
    {
        for (;;)
        {
            switch (reader.next())
            {
                case runtime::tar_status::end : return archive_status::end;
                case runtime::tar_status::malformed : return archive_status::malformed;
                case runtime::tar_status::entry : break;
            }
            if (reader.current.kind == runtime::tar_kind::file)
            {
                current.name     = reader.current.name;
                current.contents = { reader.current.contents, reader.current.size };
                return archive_status::entry;
            }
        }
    }

    bool find_file(bytes archive, runtime::text name, bytes &contents)
    {
        archive_reader reader { archive };
        while (reader.next() == archive_status::entry)
        {
            if (reader.current.name == name)
            {
                contents = reader.current.contents;
                return true;
            }
        }
        return false;
    }
}
