using Google.Protobuf;
using Milvus.Api.Tests.Grpc;
using Milvus.Protocol;
using Milvus.Protocol.Common;
using Milvus.Protocol.Schema;
using KeyValuePair = Milvus.Protocol.Common.KeyValuePair;

namespace Milvus.Api.Tests.Rest;

/// <summary>Collections whose requests name a namespace.</summary>
[Collection(nameof(SharedRestServer))]
public sealed class NamespaceTests(RestServer server)
{
    [Theory]
    [InlineData("ns_key", "partition_key")]
    [InlineData("ns_partition", "partition")]
    [InlineData("ns_default", "")]
    public async Task A_request_sees_and_changes_the_rows_of_its_namespace_only(string name, string mode)
    {
        await CreateAsync(name, mode);
        if (mode == "partition")
            foreach (var tenant in new[] { "ada", "bob" }) Ok(await CallAsync("CreatePartition", new CreatePartitionRequest { CollectionName = name, PartitionName = tenant }, Status.Parser));
        await IndexAndLoadAsync(name);
        await InsertAsync(name, "ada", 1, 2, 3);
        await InsertAsync(name, "bob", 11, 12);
        Assert.Equal([1, 2, 3], await QueryAsync(name, "ada", "id > 0"));
        Assert.Equal([11, 12], await QueryAsync(name, "bob", "id > 0"));
        Assert.Equal([2], await QueryAsync(name, "ada", "id in [2, 12]"));
        Assert.Equal([11, 12], await SearchAsync(name, "bob"));
        Assert.Equal([1, 2, 3], await HybridAsync(name, "ada"));

        Ok((await DeleteAsync(name, "ada", "id in [3, 11]")).Status);
        Ok((await DeleteAsync(name, "ada", "n == 2")).Status);
        Assert.Equal([1], await QueryAsync(name, "ada", "id > 0"));
        Assert.Equal([11, 12], await QueryAsync(name, "bob", "id > 0"));
        Ok((await CallAsync("Upsert", Fill(new UpsertRequest { CollectionName = name, Namespace = "bob", NumRows = 1 }, r => r.FieldsData, 12), MutationResult.Parser)).Status);
        Assert.Equal([11, 12], await QueryAsync(name, "bob", "id > 0"));
        Assert.Equal(1100, (await DeleteAsync(name, "ada", "")).Status.Code);

        Assert.Contains("namespace data is not set", (await CallAsync("Insert", Fill(new InsertRequest { CollectionName = name, NumRows = 1 }, r => r.FieldsData, 7), MutationResult.Parser)).Status.Reason);
        Assert.Contains("namespace data is not set", (await CallAsync("Query", new QueryRequest { CollectionName = name, Expr = "id > 0" }, QueryResults.Parser)).Status.Reason);
        Assert.Contains("namespace data is not set", (await CallAsync("Delete", new DeleteRequest { CollectionName = name, Expr = "id > 0" }, MutationResult.Parser)).Status.Reason);
        var schema = (await CallAsync("DescribeCollection", new DescribeCollectionRequest { CollectionName = name }, DescribeCollectionResponse.Parser)).Schema;
        Assert.True(schema.EnableNamespace);
        Assert.Equal(["id", "v", "n"], schema.Fields.Select(f => f.Name));
    }

    [Fact]
    public async Task Names_and_namespaces_must_agree()
    {
        await CreateAsync("ns_agree", "partition");
        Ok(await CallAsync("CreatePartition", new CreatePartitionRequest { CollectionName = "ns_agree", PartitionName = "ada" }, Status.Parser));
        var insert = new InsertRequest { CollectionName = "ns_agree", Namespace = "ada", PartitionName = "bob", NumRows = 1 };
        Assert.Contains("partition name \"bob\" mismatches namespace \"ada\"", (await CallAsync("Insert", Fill(insert, r => r.FieldsData, 7), MutationResult.Parser)).Status.Reason);
        var unknown = new InsertRequest { CollectionName = "ns_agree", Namespace = "carl", NumRows = 1 };
        Assert.Equal(200, (await CallAsync("Insert", Fill(unknown, r => r.FieldsData, 7), MutationResult.Parser)).Status.Code);
        await PlainCollection.CreateAsync(server.Milvus, "ns_plain");
        Assert.Contains("namespace data is set but namespace disabled", (await CallAsync("Query", new QueryRequest { CollectionName = "ns_plain", Namespace = "ada", Expr = "id > 0" }, QueryResults.Parser)).Status.Reason);
    }

    [Theory]
    [InlineData("namespace.mode", "shelf", "valid values")]
    [InlineData("namespace.sharding.enabled", "maybe", "valid values")]
    [InlineData("partitionkey.isolation", "false", "isolation property is false when namespace enabled")]
    public async Task Properties_are_checked(string key, string value, string problem)
    {
        var request = Schema("ns_wrong", "");
        request.Properties.Add(new KeyValuePair { Key = key, Value = value });
        Assert.Contains(problem, (await CallAsync("CreateCollection", request, Status.Parser)).Reason);
    }

    [Fact]
    public async Task What_namespaces_are_is_settled_at_creation()
    {
        await CreateAsync("ns_fixed", "");
        foreach (var key in new[] { "namespace.enabled", "namespace.mode", "namespace.sharding.enabled" })
        {
            var alter = new AlterCollectionRequest { CollectionName = "ns_fixed", Properties = { new KeyValuePair { Key = key, Value = key == "namespace.mode" ? "partition" : "true" } } };
            Assert.Contains($"cannot alter {key} after collection creation", (await CallAsync("AlterCollection", alter, Status.Parser)).Reason);
        }
    }

    private async Task CreateAsync(string name, string mode) => Ok(await CallAsync("CreateCollection", Schema(name, mode), Status.Parser));

    private static CreateCollectionRequest Schema(string name, string mode)
    {
        var schema = new CollectionSchema { Name = name, EnableNamespace = true };
        schema.Fields.Add(new FieldSchema { Name = "id", DataType = DataType.Int64, IsPrimaryKey = true });
        schema.Fields.Add(new FieldSchema { Name = "v", DataType = DataType.FloatVector, TypeParams = { new KeyValuePair { Key = "dim", Value = "2" } } });
        schema.Fields.Add(new FieldSchema { Name = "n", DataType = DataType.Int64 });
        var request = new CreateCollectionRequest { CollectionName = name, Schema = schema.ToByteString(), ShardsNum = 2 };
        if (mode.Length > 0) request.Properties.Add(new KeyValuePair { Key = "namespace.mode", Value = mode });
        return request;
    }

    private async Task IndexAndLoadAsync(string name)
    {
        await server.DataAsync("indexes/create", $$"""{"collectionName":"{{name}}","indexParams":[{"fieldName":"v","indexName":"v","metricType":"L2","indexType":"AUTOINDEX"}]}""");
        await server.DataAsync("collections/load", new { collectionName = name });
        await server.Milvus.Engine.WaitLoadedAsync(server.Milvus.Proxy.Catalog.GetCollection("default", name), default);
    }

    private async Task InsertAsync(string name, string tenant, params long[] ids) =>
        Ok((await CallAsync("Insert", Fill(new InsertRequest { CollectionName = name, Namespace = tenant, NumRows = (uint)ids.Length }, r => r.FieldsData, ids), MutationResult.Parser)).Status);

    private static T Fill<T>(T request, Func<T, Google.Protobuf.Collections.RepeatedField<FieldData>> columns, params long[] ids)
    {
        var target = columns(request);
        target.Add(new FieldData { FieldName = "id", Type = DataType.Int64, Scalars = new ScalarField { LongData = new LongArray { Data = { ids } } } });
        target.Add(new FieldData { FieldName = "n", Type = DataType.Int64, Scalars = new ScalarField { LongData = new LongArray { Data = { ids } } } });
        target.Add(new FieldData { FieldName = "v", Type = DataType.FloatVector, Vectors = new VectorField { Dim = 2, FloatVector = new FloatArray { Data = { ids.SelectMany(i => new[] { (float)i, 1f }) } } } });
        return request;
    }

    private Task<MutationResult> DeleteAsync(string name, string tenant, string filter) =>
        CallAsync("Delete", new DeleteRequest { CollectionName = name, Namespace = tenant, Expr = filter }, MutationResult.Parser);

    private async Task<List<long>> QueryAsync(string name, string tenant, string filter)
    {
        var found = await CallAsync("Query", new QueryRequest { CollectionName = name, Namespace = tenant, Expr = filter, OutputFields = { "*" }, ConsistencyLevel = ConsistencyLevel.Strong }, QueryResults.Parser);
        Ok(found.Status);
        Assert.DoesNotContain(found.FieldsData, f => f.FieldName.StartsWith('$'));
        return [.. (found.FieldsData.FirstOrDefault(f => f.FieldName == "id")?.Scalars.LongData.Data ?? []).Order()];
    }

    private async Task<List<long>> SearchAsync(string name, string tenant)
    {
        var request = Search(name);
        request.Namespace = tenant;
        var found = await CallAsync("Search", request, SearchResults.Parser);
        Ok(found.Status);
        return [.. found.Results.Ids.IntId.Data.Order()];
    }

    private async Task<List<long>> HybridAsync(string name, string tenant)
    {
        var request = new HybridSearchRequest { CollectionName = name, Namespace = tenant, Requests = { Search(name), Search(name) }, ConsistencyLevel = ConsistencyLevel.Strong };
        request.RankParams.Add(new KeyValuePair { Key = "strategy", Value = "rrf" });
        request.RankParams.Add(new KeyValuePair { Key = "limit", Value = "10" });
        var found = await CallAsync("HybridSearch", request, SearchResults.Parser);
        Ok(found.Status);
        return [.. found.Results.Ids.IntId.Data.Order()];
    }

    private static SearchRequest Search(string name)
    {
        var vectors = new PlaceholderGroup { Placeholders = { new PlaceholderValue { Tag = "$0", Type = PlaceholderType.FloatVector, Values = { ByteString.CopyFrom(new byte[8]) } } } };
        var request = new SearchRequest { CollectionName = name, PlaceholderGroup = vectors.ToByteString(), Nq = 1, DslType = DslType.BoolExprV1, ConsistencyLevel = ConsistencyLevel.Strong };
        foreach (var (key, value) in new[] { ("anns_field", "v"), ("topk", "10"), ("metric_type", "L2"), ("params", "{}") }) request.SearchParams.Add(new KeyValuePair { Key = key, Value = value });
        return request;
    }

    private static void Ok(Status status) => Assert.True(status.Code == 0, status.Reason);

    private async Task<T> CallAsync<T>(string method, IMessage request, MessageParser<T> parser)
        where T : IMessage<T> => (await server.Grpc.CallAsync(TestServer.Path(method), request)).Single(parser);
}
