using System.Collections.Immutable;
using Milvus.Model;

namespace Milvus.Proxy;

internal static class CollectionIdCheck
{
    /// <summary>Iterators say which collection they began with, so that an alias that moved meanwhile is noticed.</summary>
    /// <exception cref="MilvusException">1100: it is another one by now.</exception>
    public static void Check(CollectionInfo collection, ImmutableDictionary<string, string> parameters)
    {
        if (WindowChecks.Find(parameters, "collection_id") is { } id && id > 0 && id != collection.Id)
            throw MilvusException.InvalidParameter("alias or database may have been changed", collection.Id, id);
    }
}
