using System.Collections.Immutable;
using Milvus.Expressions;
using Milvus.Model;
using Milvus.Proxy.Writing;

namespace Milvus.Proxy.Reading;

/// <summary>Leaves out the partitions in which no row can pass the filter.</summary>
internal static class PartitionPruning
{
    private const string Isolation = "partitionkey.isolation";

    /// <summary>Partition ids to read; empty for all.</summary>
    public static ImmutableArray<long> Narrow(ReadScope scope, FilterPlan? filter)
    {
        var possible = PartitionRouting.ByFilter(scope.Collection, filter);
        if (possible.IsEmpty || scope.PartitionIds.IsEmpty) return possible.IsEmpty ? scope.PartitionIds : possible;
        var both = possible.RemoveAll(id => !scope.PartitionIds.Contains(id));
        // Empty would mean all: any one partition answers the same, as none of its rows passes.
        return both.IsEmpty ? [scope.PartitionIds[0]] : both;
    }

    /// <summary>A search of a collection that isolates its partition keys must name exactly one.</summary>
    public static void CheckIsolation(CollectionInfo collection, FilterPlan? filter)
    {
        if (!ParamText.IsTrue(collection.Property(Isolation))) return;
        filter?.EnsurePartitionKeyIsolation();
        if (filter?.PartitionKeyValues is not { Count: 1 })
            throw MilvusException.InvalidParameter("partition key not found in expr or the expr is invalid when validating partition key isolation");
    }
}
