using Google.Protobuf;
using Milvus.Api.Tests.Grpc;
using Milvus.Api.Tests.Rest;
using Milvus.Protocol.Schema;
using WireQuery = Milvus.Protocol.QueryRequest;

namespace Milvus.Api.Tests.Types;

/// <summary>Timestamps and geometries through both protocols.</summary>
[Collection(nameof(SharedRestServer))]
public sealed class TimeAndPlaceTests(RestServer server)
{
    [Fact]
    public async Task Text_goes_in_and_normal_text_comes_out()
    {
        await server.DataAsync("collections/create", """
            {"collectionName":"events","schema":{"fields":[{"fieldName":"id","dataType":"Int64","isPrimary":true},
              {"fieldName":"at","dataType":"Timestamptz","nullable":true},{"fieldName":"due","dataType":"Timestamptz","defaultValue":"2025-01-01 00:00:00"},
              {"fieldName":"where","dataType":"Geometry","nullable":true},{"fieldName":"home","dataType":"Geometry","defaultValue":"POINT(1 2)"},
              {"fieldName":"v","dataType":"FloatVector","elementTypeParams":{"dim":2}}]},"indexParams":[{"fieldName":"v"},{"fieldName":"where","indexType":"RTREE"},{"fieldName":"at","indexType":"STL_SORT"}]}
            """);
        await server.DataAsync("entities/insert", """
            {"collectionName":"events","data":[
              {"id":1,"at":"2025-01-02T16:00:00.5+08:00","due":"2025-03-01 12:00:00","where":"LINESTRING (0 0,1 1.5)","home":"point(3 4)","v":[0,0]},
              {"id":2,"v":[1,1]},{"id":3,"at":null,"where":null,"v":[2,2]}]}
            """);
        foreach (var sealedNow in new[] { false, true })
        {
            if (sealedNow) await server.DataAsync("collections/flush", """{"collectionName":"events"}""");
            var rows = await server.DataAsync("entities/query", """{"collectionName":"events","filter":"id > 0","outputFields":["at","due","where","home"],"consistencyLevel":"Strong"}""");
            Assert.Equal(
                """[{"at":"2025-01-02T08:00:00.5Z","due":"2025-03-01T12:00:00Z","where":"LINESTRING (0 0, 1 1.5)","home":"POINT (3 4)","id":"1"},"""
                + """{"at":null,"due":"2025-01-01T00:00:00Z","where":null,"home":"POINT (1 2)","id":"2"},{"at":null,"due":"2025-01-01T00:00:00Z","where":null,"home":"POINT (1 2)","id":"3"}]""",
                rows.GetRawText());
        }
        var later = await server.DataAsync("entities/query", """{"collectionName":"events","filter":"due > iso '2025-02-01T00:00:00Z'","outputFields":["id"],"consistencyLevel":"Strong"}""");
        Assert.Equal("""[{"id":"1"}]""", later.GetRawText());
        var described = (await server.DataAsync("collections/describe", """{"collectionName":"events"}""")).GetRawText();
        Assert.Contains("""{"name":"due","id":102,"type":"Timestamptz","primaryKey":false,"partitionKey":false,"clusteringKey":false,"autoId":false,"description":"","nullable":false,"defaultValue":{"Data":{"StringData":"2025-01-01T00:00:00Z"}}}""", described);
        Assert.Contains("\"defaultValue\":{\"Data\":{\"StringData\":\"POINT(1 2)\"}}", described);
        foreach (var bad in new[] { "\"at\":\"tomorrow\"", "\"at\":5", "\"where\":\"HERE\"", "\"where\":\"POLYGON ((0 0, 1 1))\"", "\"where\":[1,2]", "\"at\":\"2025-02-30T00:00:00Z\"", "\"at\":\"2025-02-03T00:00:00+15:00\"" })
            await server.RefusedAsync(1804, "entities/insert", $$"""{"collectionName":"events","data":[{"id":9,"v":[0,0],{{bad}}}]}""");
    }

    [Fact]
    public async Task Zones_are_the_requests_or_the_collections()
    {
        await server.DataAsync("collections/create", """
            {"collectionName":"zones","schema":{"fields":[{"fieldName":"id","dataType":"Int64","isPrimary":true},{"fieldName":"at","dataType":"Timestamptz"},
              {"fieldName":"v","dataType":"FloatVector","elementTypeParams":{"dim":2}}]},"indexParams":[{"fieldName":"v"}]}
            """);
        await server.DataAsync("collections/alter_properties", """{"collectionName":"zones","properties":{"timezone":"Asia/Shanghai"}}""");
        Assert.Contains("unknown or invalid IANA Time Zone ID: Mars", await server.RefusedAsync(1100, "collections/alter_properties", """{"collectionName":"zones","properties":{"timezone":"Mars"}}"""));
        await server.DataAsync("entities/insert", """{"collectionName":"zones","data":[{"id":1,"at":"2025-01-02 16:30:00","v":[0,0]}]}""");
        var rows = await server.DataAsync("entities/query", """{"collectionName":"zones","filter":"id > 0","outputFields":["at"],"consistencyLevel":"Strong"}""");
        Assert.Equal("""[{"at":"2025-01-02T16:30:00+08:00","id":"1"}]""", rows.GetRawText());

        const string Zoned = ",\"outputFields\":[\"at\"],\"consistencyLevel\":\"Strong\",\"timezone\":\"Europe/Berlin\"";
        Assert.Equal("""[{"at":"2025-01-02T09:30:00+01:00","id":"1"}]""", (await server.DataAsync("entities/query", $"{{\"collectionName\":\"zones\",\"filter\":\"at >= iso '2025-01-02T09:30:00' and at < iso '2025-01-02T09:30:01'\"{Zoned}}}")).GetRawText());
        Assert.Equal("""[{"at":"2025-01-02T09:30:00+01:00","id":"1"}]""", (await server.DataAsync("entities/get", $"{{\"collectionName\":\"zones\",\"id\":1{Zoned}}}")).GetRawText());
        Assert.Equal("""[{"distance":0,"id":"1","at":"2025-01-02T09:30:00+01:00"}]""", (await server.DataAsync("entities/search", $"{{\"collectionName\":\"zones\",\"data\":[[0,0]],\"limit\":1{Zoned}}}")).GetRawText());
        Assert.Equal(
            """[{"at":{"Data":{"LongData":{"data":[2025,9]}}},"id":"1"}]""",
            (await server.DataAsync("entities/query", $"{{\"collectionName\":\"zones\",\"filter\":\"id > 0\",\"timeFields\":[\"year\",\"hour\"]{Zoned}}}")).GetRawText());
        Assert.Contains("unknown or invalid IANA Time Zone ID", await server.RefusedAsync(1100, "entities/query", """{"collectionName":"zones","filter":"id > 0","timezone":"Nowhere"}"""));

        Assert.Equal(["2025-01-02T16:30:00+08:00"], (await QueryAsync()).Scalars.StringData.Data);
        Assert.Equal(["2025-01-02T09:30:00+01:00"], (await QueryAsync(("timezone", "Europe/Berlin"))).Scalars.StringData.Data);
        var parts = await QueryAsync(("timezone", "UTC"), ("time_fields", "year,month, day,hour,minute,second,microsecond"));
        Assert.Equal((DataType.Array, DataType.Int64), (parts.Type, parts.Scalars.ArrayData.ElementType));
        Assert.Equal([2025L, 1, 2, 8, 30, 0, 0], Assert.Single(parts.Scalars.ArrayData.Data).LongData.Data);
    }

    [Fact]
    public async Task Rows_expire_by_a_field()
    {
        await server.DataAsync("collections/create", """
            {"collectionName":"expiring","schema":{"fields":[{"fieldName":"id","dataType":"Int64","isPrimary":true},{"fieldName":"until","dataType":"Timestamptz","nullable":true},
              {"fieldName":"v","dataType":"FloatVector","elementTypeParams":{"dim":2}}]},"params":{"ttlField":"until"},"indexParams":[{"fieldName":"v"}]}
            """);
        await server.DataAsync("entities/insert", """
            {"collectionName":"expiring","data":[{"id":1,"until":"2020-01-01T00:00:00Z","v":[0,0]},{"id":2,"until":"2200-01-01T00:00:00Z","v":[0,0]},{"id":3,"v":[0,0]}]}
            """);
        await IdsAsync("[2,3]", "entities/query", "\"filter\":\"id > 0\"");
        await IdsAsync("[2,3]", "entities/query", "\"limit\":10");
        await IdsAsync("[2]", "entities/get", "\"id\":[1,2]");
        await IdsAsync("[2,3]", "entities/search", "\"data\":[[0,0]],\"limit\":10");
        Assert.Equal("""[{"count(*)":2}]""", (await server.DataAsync("entities/query", """{"collectionName":"expiring","outputFields":["count(*)"],"consistencyLevel":"Strong"}""")).GetRawText());
        await IdsAsync("[3]", "entities/query", "\"filter\":\"until is null and random_sample(0.9999)\"");
        await IdsAsync("[2,3]", "entities/search", "\"ids\":[2],\"limit\":10");
        await server.RefusedAsync(1100, "entities/search", """{"collectionName":"expiring","ids":[1],"limit":1,"consistencyLevel":"Strong"}""");
        // What has expired is no predecessor of a partial update.
        await server.RefusedAsync(1100, "entities/upsert", """{"collectionName":"expiring","partialUpdate":true,"data":[{"id":1,"until":"2200-01-01T00:00:00Z"}]}""");
        await server.RefusedAsync(1100, "collections/alter_properties", """{"collectionName":"expiring","properties":{"collection.ttl.seconds":60}}""");
        await server.DataAsync("collections/drop_properties", """{"collectionName":"expiring","propertyKeys":["ttl_field"]}""");
        await IdsAsync("[1,2,3]", "entities/query", "\"filter\":\"id > 0\"");

        async Task IdsAsync(string expected, string path, string more)
        {
            var rows = await server.DataAsync(path, $$"""{"collectionName":"expiring","outputFields":["id"],"consistencyLevel":"Strong",{{more}}}""", ("Accept-Type-Allow-Int64", "true"));
            Assert.Equal(expected, $"[{string.Join(',', rows.EnumerateArray().Select(r => r.GetProperty("id").GetInt64()).Order())}]");
        }
    }

    private async Task<FieldData> QueryAsync(params (string Key, string Value)[] parameters)
    {
        var request = new WireQuery { CollectionName = "zones", Expr = "id > 0", OutputFields = { "at" } };
        foreach (var (key, value) in parameters) request.QueryParams.Add(new Protocol.Common.KeyValuePair { Key = key, Value = value });
        var answer = (await server.Grpc.CallAsync(TestServer.Path("Query"), request)).Single(Protocol.QueryResults.Parser);
        Assert.Equal(0, answer.Status.Code);
        return answer.FieldsData.Single(f => f.FieldName == "at");
    }
}
