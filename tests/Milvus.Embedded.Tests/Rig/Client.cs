using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using Milvus.Coordinator.Commands;
using Milvus.Model;
using Milvus.Proxy;

namespace Milvus.Embedded.Tests.Rig;

/// <summary>Requests about collections of one shape — key, stamp, a vector that follows from the stamp — in few words.</summary>
internal static class Client
{
    public const int Dimension = 4;

    private static readonly ConcurrentDictionary<(string Name, int K, string Filter), SearchTemplate> Templates = new();

    public static async Task CreateAsync(this Machine machine, string name, int shards = 1, string index = "HNSW", bool load = true)
    {
        var schema = new CollectionSchema(
        [
            new FieldSchema { Name = "key", Type = DataType.Int64, IsPrimaryKey = true },
            new FieldSchema { Name = "stamp", Type = DataType.Int64, IsClusteringKey = true },
            new FieldSchema { Name = "vector", Type = DataType.FloatVector, TypeParams = [new Property("dim", "4")] },
        ]);
        await machine.ExecuteAsync(new CreateCollection("", name, schema) { Shards = shards });
        await machine.IndexAsync(name, index);
        if (load) await machine.ExecuteAsync(new LoadCollection("", name));
    }

    public static Task IndexAsync(this Machine machine, string name, string type) =>
        machine.ExecuteAsync(new CreateIndex("", name, "vector") { Params = [new("index_type", type), new("metric_type", "L2")] });

    public static Task<MutationResult> InsertAsync(this Machine machine, string name, params (long Key, long Stamp)[] rows) =>
        machine.InsertIntoAsync(name, null, rows);

    public static Task<MutationResult> InsertIntoAsync(this Machine machine, string name, string? partition, params (long Key, long Stamp)[] rows) =>
        machine.Proxy.InsertAsync(RequestContext.Default, new InsertRequest { Collection = name, Partition = partition, RowCount = rows.Length, Columns = Columns(rows) });

    public static Task<MutationResult> UpsertAsync(this Machine machine, string name, params (long Key, long Stamp)[] rows) =>
        machine.Proxy.UpsertAsync(RequestContext.Default, new UpsertRequest { Collection = name, RowCount = rows.Length, Columns = Columns(rows) });

    public static Task<MutationResult> DeleteAsync(this Machine machine, string name, params long[] keys) =>
        machine.Proxy.DeleteAsync(RequestContext.Default, new DeleteRequest { Collection = name, Keys = PrimaryKeys.Of(keys) });

    public static Task<MutationResult> DeleteWhereAsync(this Machine machine, string name, string filter) =>
        machine.Proxy.DeleteAsync(RequestContext.Default, new DeleteRequest { Collection = name, Expression = filter });

    public static Task<FlushOutcome> FlushAsync(this Machine machine, string name) => machine.Proxy.FlushAsync(RequestContext.Default, name);

    public static ValueTask<long> CompactAsync(this Machine machine, string name, bool byKey = false) =>
        machine.Proxy.Maintenance.CompactAsync(machine.Collection(name), byKey, CancellationToken.None);

    public static async Task FlushedAsync(this Machine machine, string name)
    {
        var flush = await machine.FlushAsync(name);
        await Eventually.TrueAsync(() => machine.IsFlushedAsync(name, flush.Timestamp), "the flush");
    }

    public static async Task CompactedAsync(this Machine machine, string name, bool byKey = false)
    {
        // Rows that were deleted in the present millisecond are not old enough for any compaction.
        var deleted = machine.Time.GetUtcNow().ToUnixTimeMilliseconds();
        await Eventually.TrueAsync(() => machine.Time.GetUtcNow().ToUnixTimeMilliseconds() > deleted, "the next millisecond");
        var id = await machine.CompactAsync(name, byKey);
        await Eventually.TrueAsync(async () => await machine.Proxy.Maintenance.GetCompactionAsync(id, CancellationToken.None) is { Completed: true }, "the compaction");
        Assert.Equal(0, (await machine.Proxy.Maintenance.GetCompactionAsync(id, CancellationToken.None))!.Failed);
    }

    public static Task IndexedAsync(this Machine machine, string name) => Eventually.TrueAsync(async () =>
    {
        foreach (var index in machine.Collection(name).Indexes)
        {
            var progress = await machine.Proxy.Maintenance.GetIndexProgressAsync(machine.Collection(name), index, CancellationToken.None);
            if (progress.Phase != BuildPhase.Finished) return false;
        }
        return true;
    }, "the index");

    /// <summary>Every row that a read sees, by key, its values checked against each other.</summary>
    public static async Task<SortedDictionary<long, long>> AllAsync(this Machine machine, string name, string filter = "key >= 0")
    {
        var result = await machine.Proxy.QueryAsync(RequestContext.Default, new QueryRequest
        {
            Collection = name,
            Expression = filter,
            OutputFields = ["key", "stamp", "vector"],
            ConsistencyLevel = ConsistencyLevel.Strong,
        });
        var keys = ((FixedColumn<long>)result.Columns.Single(c => c.Name == "key").Column).Values;
        var stamps = ((FixedColumn<long>)result.Columns.Single(c => c.Name == "stamp").Column).Values;
        var vectors = (VectorColumn)result.Columns.Single(c => c.Name == "vector").Column;
        var all = new SortedDictionary<long, long>();
        for (var i = 0; i < result.RowCount; i++)
        {
            Assert.True(Vector(stamps[i]).AsSpan().SequenceEqual(MemoryMarshal.Cast<byte, float>(vectors[i])), $"row {keys[i]} is mixed up");
            Assert.True(all.TryAdd(keys[i], stamps[i]), $"key {keys[i]} came twice");
        }
        return all;
    }

    /// <summary>Key and stamp of every row at a past moment, straight from the shards.</summary>
    public static async Task<SortedDictionary<long, long>> AllAtAsync(this Machine machine, string name, Timestamp at)
    {
        var collection = machine.Collection(name);
        var all = new SortedDictionary<long, long>();
        for (var shard = 0; shard < collection.ShardCount; shard++)
        {
            using var reader = await machine.Milvus.Engine.OpenAsync(collection, shard, at, at, CancellationToken.None);
            var rows = await reader.QueryAsync(new ShardQuery(), CancellationToken.None);
            var stamps = (FixedColumn<long>)await reader.FetchAsync(collection.Schema.Find("stamp")!.Id, rows.Rows, CancellationToken.None);
            for (var i = 0; i < rows.Rows.Length; i++) all.Add(rows.Ids.Int64s[i], stamps.Values[i]);
        }
        return all;
    }

    /// <summary>Rows including duplicates of a key.</summary>
    public static async Task<long> CountAsync(this Machine machine, string name)
    {
        var result = await machine.Proxy.QueryAsync(RequestContext.Default, new QueryRequest { Collection = name, OutputFields = ["count(*)"], ConsistencyLevel = ConsistencyLevel.Strong });
        return ((FixedColumn<long>)result.Columns.Single(c => c.Name == "count(*)").Column).Values[0];
    }

    /// <summary>Keys and scores of the nearest rows to the vector of a stamp.</summary>
    public static async Task<List<(long Key, float Score)>> SearchAsync(this Machine machine, string name, long stamp, int k, string filter = "")
    {
        // As clients' requests are: what was planned for one of them must not show in the next.
        var template = Templates.GetOrAdd((name, k, filter), static key => new SearchTemplate(new SearchRequest
        {
            Collection = key.Name,
            Expression = key.Filter,
            ConsistencyLevel = ConsistencyLevel.Strong,
            Params = ImmutableDictionary<string, string>.Empty.Add("anns_field", "vector").Add("topk", key.K.ToString(CultureInfo.InvariantCulture)),
        }));
        var vectors = new QueryVectors(DataType.FloatVector, [MemoryMarshal.AsBytes<float>(Vector(stamp)).ToArray()]);
        var result = await machine.Proxy.SearchAsync(RequestContext.Default, template.With(vectors, 0));
        var ids = result.Ids.Int64s.ToArray();
        return [.. ids.Zip(result.Scores.ToArray())];
    }

    public static float[] Vector(long stamp) => [stamp % 97, stamp % 89, stamp % 83, stamp % 7];

    private static ImmutableArray<NamedColumn> Columns((long Key, long Stamp)[] rows) =>
    [
        new("key", new FixedColumn<long>(DataType.Int64, rows.Select(r => r.Key).ToArray())),
        new("stamp", new FixedColumn<long>(DataType.Int64, rows.Select(r => r.Stamp).ToArray())),
        new("vector", new VectorColumn(DataType.FloatVector, Dimension, MemoryMarshal.AsBytes<float>(rows.SelectMany(r => Vector(r.Stamp)).ToArray()).ToArray())),
    ];
}
