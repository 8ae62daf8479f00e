using System.Collections.Immutable;
using Milvus.Model;

namespace Milvus.Actors.Streaming.Replicas;

/// <summary>Which partitions of a collection are loaded: none, some, or all with those to come.</summary>
internal sealed class LoadScope
{
    public static readonly LoadScope None = new(false, []);

    private readonly bool _isAll;
    private readonly ImmutableHashSet<long> _partitions;

    private LoadScope(bool isAll, ImmutableHashSet<long> partitions)
    {
        _isAll = isAll;
        _partitions = partitions;
    }

    public static LoadScope Of(LoadSpec? load) => load is null ? None : new LoadScope(load.PartitionIds.IsEmpty, [.. load.PartitionIds]);

    public bool Includes(long partitionId) => _isAll || _partitions.Contains(partitionId);

    public bool Covers(LoadScope other) => _isAll || (!other._isAll && other._partitions.IsSubsetOf(_partitions));

    public LoadScope Intersect(LoadScope other) => _isAll ? other : other._isAll ? this : new LoadScope(false, _partitions.Intersect(other._partitions));
}
