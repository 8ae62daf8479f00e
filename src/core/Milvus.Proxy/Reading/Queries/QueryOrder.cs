using System.Collections.Immutable;
using Milvus.Coordinator.Names;
using Milvus.Model;

namespace Milvus.Proxy.Reading.Queries;

/// <summary>Resolves what a query orders rows by.</summary>
internal static class QueryOrder
{
    /// <summary>To be checked before what else a query without a limit lacks.</summary>
    /// <exception cref="MilvusException">1100: an order without a limit.</exception>
    public static void CheckLimit(QueryParameters parameters)
    {
        if (!parameters.OrderBy.IsEmpty && parameters.Limit is null) throw MilvusException.InvalidParameter("ORDER BY requires explicit limit");
    }

    /// <summary>The sort keys, the primary key last so that the order is total; empty without order_by_fields.</summary>
    /// <exception cref="MilvusException">1100: no such field, or not one with an order.</exception>
    public static ImmutableArray<SortKey> Resolve(CollectionInfo collection, QueryParameters parameters)
    {
        if (parameters.OrderBy.IsEmpty) return [];
        if (parameters.IsIterator) throw MilvusException.InvalidParameter("ORDER BY with iterator is not supported");
        var keys = Fields(collection, parameters);
        var primary = collection.Schema.PrimaryKey;
        return keys.Any(k => k.Field.Id == primary.Id) ? Until(keys, primary) : keys.Add(new SortKey(primary));
    }

    /// <summary>The sort keys as given.</summary>
    public static ImmutableArray<SortKey> Fields(CollectionInfo collection, QueryParameters parameters)
    {
        var keys = ImmutableArray.CreateBuilder<SortKey>(parameters.OrderBy.Length);
        foreach (var (name, descending, nullsFirst) in parameters.OrderBy)
        {
            if (name.Contains('(', StringComparison.Ordinal)) throw MilvusException.InvalidParameter($"ORDER BY on aggregate expression '{name}' is not yet supported");
            if (collection.Schema.Find(name) is not { IsDynamic: false } field)
                throw MilvusException.InvalidParameter($"order_by field '{name}' does not exist in collection schema");
            if (!ColumnOrder.IsDefinedFor(field.Type))
                throw MilvusException.InvalidParameter($"order_by field '{name}' has type {field.Type.Spelled()} which is not sortable");
            keys.Add(new SortKey(field, descending, nullsFirst));
        }
        return keys.MoveToImmutable();
    }

    // Nothing behind a unique key decides anything.
    private static ImmutableArray<SortKey> Until(ImmutableArray<SortKey> keys, FieldSchema primary)
    {
        var last = 0;
        while (keys[last].Field.Id != primary.Id) last++;
        return keys[..(last + 1)];
    }
}
