using System.Collections.Immutable;
using Milvus.Model;
using Milvus.Proxy.Writing;

namespace Milvus.Proxy.Reading;

/// <summary>What of a collection a request reads, and as of when.</summary>
internal sealed record ReadScope
{
    public required CollectionInfo Collection { get; init; }

    /// <summary>Empty for all.</summary>
    public required ImmutableArray<long> PartitionIds { get; init; }

    public required Timestamp Guarantee { get; init; }

    /// <summary>A point in time to read at exactly; null for the newest state.</summary>
    public Timestamp? ReadAt { get; init; }

    public required Timestamp ExpireBefore { get; init; }
}

/// <summary>Makes read scopes: checks that what is asked for is loaded and finds the timestamps.</summary>
internal sealed class ReadScopes(GuaranteeTimestamps guarantees, TimeProvider time, ProxyOptions options)
{
    /// <exception cref="MilvusException">101: not loaded. 201: a partition is not loaded. 1100: no such partition.</exception>
    public ReadScope Resolve(
        CollectionInfo collection, ImmutableArray<string> partitions, ConsistencyLevel? level, ulong guarantee, bool iterator = false, Timestamp? travel = null)
    {
        var ids = LoadedPartitions(collection, partitions);
        if (travel is { } past)
        {
            CheckTravel(past);
            return new ReadScope { Collection = collection, PartitionIds = ids, Guarantee = past, ReadAt = past, ExpireBefore = ExpireBefore(collection) };
        }
        if (!iterator)
            return new ReadScope
            {
                Collection = collection,
                PartitionIds = ids,
                Guarantee = guarantees.Resolve(level, guarantee, collection),
                ExpireBefore = ExpireBefore(collection),
            };
        // All pages of an iterator read one state: the first page's time comes back as the timestamp of the others.
        var at = GuaranteeTimestamps.IsPointInTime(guarantee) ? new Timestamp(guarantee) : guarantees.Now();
        return new ReadScope { Collection = collection, PartitionIds = ids, Guarantee = at, ReadAt = at, ExpireBefore = ExpireBefore(collection) };
    }

    /// <summary>The newest state of the given partitions, for reads that writes need.</summary>
    public ReadScope Newest(CollectionInfo collection, ImmutableArray<long> partitionIds)
    {
        RequireLoaded(collection);
        foreach (var id in partitionIds)
            if (!collection.Load!.Includes(id)) throw PartitionNotLoaded(collection.FindPartition(id)?.Name ?? id.ToString(System.Globalization.CultureInfo.InvariantCulture));
        return new ReadScope { Collection = collection, PartitionIds = partitionIds, Guarantee = guarantees.Now(), ExpireBefore = ExpireBefore(collection) };
    }

    private static ImmutableArray<long> LoadedPartitions(CollectionInfo collection, ImmutableArray<string> names)
    {
        // A partition that is not there is told before a collection that is not loaded.
        if (!names.IsDefaultOrEmpty)
            foreach (var name in names)
                if (string.IsNullOrWhiteSpace(name)) throw MilvusException.InvalidParameter("Invalid partition name: . Partition name should not be empty.");
                else if (collection.FindPartition(name) is null) throw MilvusException.InvalidParameter($"partition name {name} not found");
        RequireLoaded(collection);
        if (names.IsDefaultOrEmpty) return collection.Load!.PartitionIds;
        PartitionRouting.RefuseNamesWithPartitionKey(collection);
        var ids = ImmutableArray.CreateBuilder<long>(names.Length);
        foreach (var name in names)
        {
            var partition = collection.FindPartition(name)!;
            if (!collection.Load!.Includes(partition.Id)) throw PartitionNotLoaded(name);
            if (!ids.Contains(partition.Id)) ids.Add(partition.Id);
        }
        return ids.DrainToImmutable();
    }

    private static void RequireLoaded(CollectionInfo collection)
    {
        if (collection.Load is null) throw new MilvusException(ErrorCode.CollectionNotLoaded, $"collection not loaded[collection={collection.Name}]");
    }

    private static MilvusException PartitionNotLoaded(string name) => new(ErrorCode.PartitionNotLoaded, $"partition not loaded[partition={name}]");

    /// <summary>The moment in the past that a request reads at; null for the present.</summary>
    /// <exception cref="MilvusException">1100: not a timestamp.</exception>
    public static Timestamp? Travel(ImmutableDictionary<string, string> parameters)
    {
        var text = parameters.GetValueOrDefault("travel_timestamp", "");
        if (text.Length == 0 || text == "0") return null;
        return ulong.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var value) && GuaranteeTimestamps.IsPointInTime(value)
            ? new Timestamp(value)
            : throw MilvusException.InvalidParameter($"travel_timestamp {text} is not a timestamp");
    }

    // What was deleted longer ago than that may be gone for good, so that the answer could be any.
    private void CheckTravel(Timestamp past)
    {
        var now = guarantees.Now();
        if (past > now) throw MilvusException.InvalidParameter("travel_timestamp lies in the future");
        var age = now.PhysicalMs - past.PhysicalMs;
        if (age > options.RetentionMs) throw MilvusException.InvalidParameter($"travel_timestamp is {age} ms old, deleted rows are kept for {options.RetentionMs} ms only");
    }

    private Timestamp ExpireBefore(CollectionInfo collection) =>
        collection.TtlSeconds is { } seconds
            ? Timestamp.FromMs(Math.Max(0, time.GetUtcNow().ToUnixTimeMilliseconds() - (seconds * 1000)))
            : Timestamp.Zero;
}
