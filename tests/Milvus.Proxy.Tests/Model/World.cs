using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using Milvus.Model;

namespace Milvus.Proxy.Tests.Model;

/// <summary>A proxy over model shards.</summary>
internal sealed class World
{
    private long _ids = 100;

    public World(ProxyOptions? options = null, bool keepsDuplicates = false)
    {
        Coordinator = new ModelCoordinator(Oracle);
        Shards = new ModelShards(Oracle) { KeepsDuplicates = keepsDuplicates };
        Maintenance = new ModelMaintenance(Oracle);
        Proxy = new MilvusProxy(Coordinator, Shards, Maintenance, Oracle, options ?? ProxyOptions.Default, NullLogger.Instance, models: Models);
    }

    public ModelOracle Oracle { get; } = new();

    public ModelCoordinator Coordinator { get; }

    public ModelShards Shards { get; }

    public ModelMaintenance Maintenance { get; }

    public FakeModels Models { get; } = new();

    public MilvusProxy Proxy { get; }

    public CollectionInfo Collection => Coordinator.Catalog.GetCollection("", "c");

    /// <summary>A loaded collection <c>c</c>; its vector fields have an AUTOINDEX with the given metric.</summary>
    public CollectionInfo Create(ImmutableArray<FieldSchema> fields, int shards = 1, bool dynamic = false, MetricType metric = MetricType.L2, params FunctionSchema[] functions)
    {
        var all = fields.Select((f, i) => f with { Id = FieldIds.FirstUser + i }).ToList();
        if (dynamic)
            all.Add(new FieldSchema { Id = FieldIds.FirstUser + all.Count, Name = FieldIds.DynamicName, Type = DataType.Json, IsDynamic = true, Nullable = true, Default = new Literal.Text("{}") });
        var schema = new CollectionSchema([.. all], [.. functions], enableDynamicField: dynamic);
        var at = Oracle.Next();
        ImmutableArray<PartitionInfo> partitions = schema.PartitionKey is null
            ? [new PartitionInfo(++_ids, Limits.DefaultPartition, at), new PartitionInfo(++_ids, "p1", at)]
            : [.. Enumerable.Range(0, 4).Select(i => new PartitionInfo(++_ids, $"_default_{i}", at))];
        var collection = new CollectionInfo
        {
            Id = ++_ids,
            DatabaseId = 1,
            DatabaseName = Limits.DefaultDatabase,
            Name = "c",
            Schema = schema,
            ShardCount = shards,
            Partitions = partitions,
            Indexes = [.. schema.VectorFields.Select(f => new IndexInfo
            {
                Id = ++_ids, Name = f.Name, FieldId = f.Id, FieldName = f.Name, IndexType = "AUTOINDEX",
                Metric = f.IsFunctionOutput && f.Type == DataType.SparseFloatVector ? MetricType.BM25 : f.Type == DataType.SparseFloatVector ? MetricType.IP : metric,
            })],
            Load = new LoadSpec(),
            CreatedAt = at,
            SchemaUpdatedAt = at,
        };
        Coordinator.Put(collection);
        return collection;
    }

    public void Alter(Func<CollectionInfo, CollectionInfo> change) => Coordinator.Put(change(Collection));

    public void SetProperty(string key, string value) => Alter(c => c with { Properties = c.Properties.Add(new Property(key, value)) });

    public Task<MutationResult> InsertAsync(int rows, params NamedColumn[] columns) =>
        Proxy.InsertAsync(RequestContext.Default, new InsertRequest { Collection = "c", RowCount = rows, Columns = [.. columns] });

    public Task<MutationResult> UpsertAsync(int rows, params NamedColumn[] columns) =>
        Proxy.UpsertAsync(RequestContext.Default, new UpsertRequest { Collection = "c", RowCount = rows, Columns = [.. columns] });

    public Task<QueryResult> QueryAsync(string expression, string[] output, params (string, string)[] parameters) =>
        Proxy.QueryAsync(RequestContext.Default, new QueryRequest
        {
            Collection = "c",
            Expression = expression,
            OutputFields = [.. output],
            Params = Given.Params(parameters),
            ConsistencyLevel = ConsistencyLevel.Strong,
        });

    public Task<SearchResult> SearchAsync(QueryVectors vectors, params (string, string)[] parameters) => SearchAsync(vectors, [], parameters);

    public Task<SearchResult> SearchAsync(QueryVectors vectors, string[] output, params (string, string)[] parameters) =>
        Proxy.SearchAsync(RequestContext.Default, new SearchRequest
        {
            Collection = "c",
            Vectors = vectors,
            OutputFields = [.. output],
            Params = Given.Params(parameters),
            ConsistencyLevel = ConsistencyLevel.Strong,
        });

    /// <summary>The rows that a Strong read of everything sees, by key, as text of the given field.</summary>
    public async Task<SortedDictionary<string, string>> AllAsync(string field)
    {
        var result = await QueryAsync("", [field], ("limit", "16384"));
        var keys = result.Columns.Single(c => c.Name == result.PrimaryField).Column;
        var values = result.Columns.Single(c => c.Name == field).Column;
        var all = new SortedDictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < result.RowCount; i++) all.Add(Given.Show(keys, i), Given.Show(values, i));
        return all;
    }

    public static async Task<MilvusException> RefusedAsync(ErrorCode code, string text, Func<Task> action)
    {
        var error = await Assert.ThrowsAnyAsync<MilvusException>(action);
        Assert.Contains(text, error.Message, StringComparison.Ordinal);
        Assert.Equal(code, error.Code);
        return error;
    }

    public static Task<MilvusException> RefusedAsync(string text, Func<Task> action) => RefusedAsync(ErrorCode.InvalidParameter, text, action);
}
