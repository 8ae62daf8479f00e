using Milvus.Coordinator.Commands;
using Milvus.Embedded;
using Milvus.Model;
using Milvus.Proxy;

namespace Milvus.Api.Tests.Rest;

/// <summary>A collection of keys and vectors in an engine without a server: two shards, indexed and loaded.</summary>
internal static class PlainCollection
{
    public static async Task CreateAsync(EmbeddedMilvus milvus, string name)
    {
        var schema = new CollectionSchema([
            new FieldSchema { Name = "id", Type = DataType.Int64, IsPrimaryKey = true },
            new FieldSchema { Name = "v", Type = DataType.FloatVector, TypeParams = [new Property("dim", "2")] },
        ]);
        await milvus.Proxy.ExecuteAsync(RequestContext.Default, new CreateCollection("default", name, schema) { Shards = 2 });
        await milvus.Proxy.ExecuteAsync(RequestContext.Default, new CreateIndex("default", name, "v"));
        await milvus.Proxy.ExecuteAsync(RequestContext.Default, new LoadCollection("default", name));
    }

    /// <summary>Rows whose vectors are zero.</summary>
    public static InsertRequest Rows(string name, params int[] ids) => new()
    {
        Collection = name,
        RowCount = ids.Length,
        Columns =
        [
            new NamedColumn("id", new FixedColumn<long>(DataType.Int64, Array.ConvertAll(ids, i => (long)i))),
            new NamedColumn("v", new VectorColumn(DataType.FloatVector, 2, new byte[ids.Length * 8])),
        ],
    };

    public static Task DeleteAsync(EmbeddedMilvus milvus, string name, int id) =>
        milvus.Proxy.DeleteAsync(RequestContext.Default, new DeleteRequest { Collection = name, Expression = $"id == {id}" });

    /// <summary>Every row that was acknowledged by now.</summary>
    public static async Task<long> CountAsync(EmbeddedMilvus milvus, string name)
    {
        var result = await milvus.Proxy.QueryAsync(RequestContext.Default, new QueryRequest { Collection = name, OutputFields = ["count(*)"], ConsistencyLevel = ConsistencyLevel.Strong });
        return ((FixedColumn<long>)result.Columns[0].Column).Values[0];
    }
}
