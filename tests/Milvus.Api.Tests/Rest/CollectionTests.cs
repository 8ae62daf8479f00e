using System.Text.Json;

namespace Milvus.Api.Tests.Rest;

/// <summary>Creating and describing collections, indexes, partitions and aliases.</summary>
[Collection(nameof(SharedRestServer))]
public sealed class CollectionTests(RestServer server)
{
    [Fact]
    public async Task Quick_creation_indexes_and_loads()
    {
        await server.DataAsync("collections/create", new { collectionName = "quick", dimension = 4 });
        var d = await server.DataAsync("collections/describe", new { collectionName = "quick" });
        Assert.Equal("LoadStateLoaded", d.GetProperty("load").GetString());
        Assert.True(d.GetProperty("enableDynamicField").GetBoolean());
        Assert.Equal("Bounded", d.GetProperty("consistencyLevel").GetString());
        Assert.Equal(JsonValueKind.Number, d.GetProperty("collectionID").ValueKind);
        Assert.Equal("""[{"indexName":"vector","fieldName":"vector","metricType":"COSINE"}]""", d.GetProperty("indexes").GetRawText());
        Assert.Equal(
            """{"name":"id","id":100,"type":"Int64","primaryKey":true,"partitionKey":false,"clusteringKey":false,"autoId":false,"description":"","nullable":false}""",
            d.GetProperty("fields")[0].GetRawText());
        Assert.Equal("""[{"key":"dim","value":"4"}]""", d.GetProperty("fields")[1].GetProperty("params").GetRawText());
        Assert.Equal(2, d.GetProperty("fields").GetArrayLength());
    }

    [Theory]
    [InlineData("BinaryVector", 16, "HAMMING")]
    [InlineData("Float16Vector", 2, "COSINE")]
    [InlineData("SparseFloatVector", 0, "IP")]
    public async Task Quick_creation_picks_the_metric_of_the_vector_type(string type, int dimension, string metric)
    {
        var name = "quick_" + type;
        await server.DataAsync("collections/create", new
        {
            collectionName = name,
            vectorFieldType = type,
            dimension,
            idType = "VarChar",
            autoID = true,
            primaryFieldName = "key",
            vectorFieldName = "v",
            @params = new { max_length = "40", shardsNum = 2, enableDynamicField = false, consistencyLevel = "Strong" },
        });
        var d = await server.DataAsync("collections/describe", new { collectionName = name });
        Assert.Equal(metric, d.GetProperty("indexes")[0].GetProperty("metricType").GetString());
        Assert.Equal((2, "Strong", false), (d.GetProperty("shardsNum").GetInt32(), d.GetProperty("consistencyLevel").GetString(), d.GetProperty("enableDynamicField").GetBoolean()));
        Assert.True(d.GetProperty("autoId").GetBoolean());
        Assert.Equal("key", d.GetProperty("fields")[0].GetProperty("name").GetString());
    }

    [Theory]
    [InlineData("""{"collectionName":"bad"}""", 1100)]
    [InlineData("""{"collectionName":"bad","dimension":1}""", 1100)]
    [InlineData("""{"collectionName":"bad","dimension":4,"metricType":"HAMMING"}""", 1100)]
    [InlineData("""{"collectionName":"bad","dimension":4,"vectorFieldType":"SparseFloatVector"}""", 1100)]
    [InlineData("""{"collectionName":"bad","dimension":4,"vectorFieldType":"VarChar"}""", 1100)]
    [InlineData("""{"collectionName":"bad","dimension":4,"idType":"Bool"}""", 1100)]
    [InlineData("""{"collectionName":"bad","dimension":"4"}""", 1801)]
    [InlineData("""{"collectionName":"bad","dimension":4,"consistencyLevel":"strong"}""", 1100)]
    [InlineData("""{"collectionName":"bad","dimension":4,"consistencyLevel":"Strong","params":{"consistencyLevel":"Session"}}""", 1100)]
    [InlineData("""{"collectionName":"bad","dimension":4,"params":{"ttlSeconds":1},"properties":{"ttl.seconds":2}}""", 1100)]
    [InlineData("""{"collectionName":"bad","dimension":4,"params":7}""", 1801)]
    [InlineData("""{"collectionName":"bad","dimension":4,"externalSource":"s"}""", 1100)]
    [InlineData("""{"collectionName":"1bad","dimension":4}""", 1100)]
    [InlineData("""{"collectionName":"bad","schema":{"fields":7}}""", 1801)]
    [InlineData("""{"collectionName":"bad","schema":{"fields":[{"fieldName":"id"}]}}""", 1802)]
    [InlineData("""{"collectionName":"bad","schema":{"fields":[{"fieldName":"id","dataType":"int64"}]}}""", 1100)]
    [InlineData("""{"collectionName":"bad","schema":{"fields":[{"fieldName":"id","dataType":"Int64","isPrimary":true}]}}""", 1100)]
    [InlineData("""{"collectionName":"bad","schema":{"fields":[{"fieldName":"id","dataType":"Int64","isPrimary":true,"defaultValue":"x"}]}}""", 1100)]
    [InlineData("""{"collectionName":"bad","schema":{"fields":[{"fieldName":"id","dataType":"Int64","isPrimary":true}],"functions":[{"name":"f","type":"BM25","inputFieldNames":["id"]}]}}""", 1802)]
    [InlineData("""{"collectionName":"bad","schema":{"fields":[{"fieldName":"id","dataType":"Int64","isPrimary":true},{"fieldName":"v","dataType":"FloatVector","elementTypeParams":{"dim":4}}]},"indexParams":[{"fieldName":"v","metricType":"JACCARD"}]}""", 1100)]
    [InlineData("""{"collectionName":"bad","schema":{"fields":[{"fieldName":"id","dataType":"Int64","isPrimary":true},{"fieldName":"v","dataType":"FloatVector","elementTypeParams":{"dim":4}}]},"indexParams":[{"fieldName":"v","metricType":"L2","indexType":"HNSW","params":{"M":1,"efConstruction":64}}]}""", 1100)]
    [InlineData("""{"collectionName":"bad","schema":{"fields":[{"fieldName":"id","dataType":"Int64","isPrimary":true},{"fieldName":"v","dataType":"FloatVector","elementTypeParams":{"dim":4}}]},"indexParams":[{"fieldName":"v","metricType":"L2","indexType":"NONE"}]}""", 1100)]
    [InlineData("""{"collectionName":"bad","schema":{"fields":[{"fieldName":"id","dataType":"Int64","isPrimary":true},{"fieldName":"v","dataType":"FloatVector","elementTypeParams":{"dim":4}}]},"indexParams":[{"fieldName":"absent","metricType":"L2"}]}""", 1802)]
    [InlineData("""{"collectionName":"bad","schema":{"fields":[{"fieldName":"id","dataType":"Int64","isPrimary":true},{"fieldName":"v","dataType":"FloatVector","elementTypeParams":{"dim":4}}]},"indexParams":[{"fieldName":"v","metricType":"L2"},{"fieldName":"v","metricType":"IP","indexName":"second"}]}""", 1100)]
    [InlineData("""{"collectionName":"bad","schema":{"fields":[{"fieldName":"id","dataType":"Int64","isPrimary":true},{"fieldName":"v","dataType":"FloatVector","elementTypeParams":{"dim":4}}]},"indexParams":[{"fieldName":"v","metricType":"L2","indexName":"1bad"}]}""", 1100)]
    public async Task What_cannot_be_created_leaves_nothing_behind(string body, int code)
    {
        await server.RefusedAsync(code, "collections/create", body);
        Assert.False((await server.DataAsync("collections/has", new { collectionName = "bad" })).GetProperty("has").GetBoolean());
    }

    [Fact]
    public async Task A_second_create_with_refused_index_params_leaves_the_first_collection_alone()
    {
        const string Schema = """ "schema":{"fields":[{"fieldName":"id","dataType":"Int64","isPrimary":true},{"fieldName":"v","dataType":"FloatVector","elementTypeParams":{"dim":4}}]} """;
        await server.DataAsync("collections/create", $$"""{"collectionName":"twice",{{Schema}},"indexParams":[{"fieldName":"v","metricType":"L2"}]}""");
        await server.DataAsync("collections/create", $$"""{"collectionName":"twice",{{Schema}},"indexParams":[{"fieldName":"v","metricType":"L2"}]}""");
        await server.RefusedAsync(1100, "collections/create", $$"""{"collectionName":"twice",{{Schema}},"indexParams":[{"fieldName":"v","metricType":"IP"}]}""");
        var d = await server.DataAsync("collections/describe", new { collectionName = "twice" });
        Assert.Equal("L2", Assert.Single(d.GetProperty("indexes").EnumerateArray().ToList()).GetProperty("metricType").GetString());
    }

    [Fact]
    public async Task A_description_lists_the_indexes_of_all_fields_and_tells_of_none()
    {
        const string Schema = """
            "schema":{"fields":[{"fieldName":"id","dataType":"Int64","isPrimary":true},{"fieldName":"v","dataType":"FloatVector","elementTypeParams":{"dim":4}}],
              "structFields":[{"fieldName":"s","description":"parts","fields":[{"fieldName":"e","description":"of a part","dataType":"ArrayOfVector","elementDataType":"FloatVector","elementTypeParams":{"dim":2,"max_capacity":3}}]}]}
            """;
        await server.DataAsync("collections/create", $$"""{"collectionName":"unindexed",{{Schema}}}""");
        var bare = await server.SendAsync("collections/describe", new { collectionName = "unindexed" });
        Assert.Equal(("[]", "index not found[collection=unindexed];"), (bare.Data.GetProperty("indexes").GetRawText(), bare.Message));
        await server.DataAsync("collections/create", $$"""{"collectionName":"indexed",{{Schema}},"indexParams":[{"fieldName":"id"},{"fieldName":"v","metricType":"L2"},{"fieldName":"s[e]","metricType":"IP"}]}""");
        var described = await server.SendAsync("collections/describe", new { collectionName = "indexed" });
        Assert.Equal(
            """[{"indexName":"id","fieldName":"id","metricType":"COSINE"},{"indexName":"v","fieldName":"v","metricType":"L2"},{"indexName":"s[e]","fieldName":"s[e]","metricType":"IP"}]""",
            described.Data.GetProperty("indexes").GetRawText());
        Assert.Equal("", described.Message);
        var parts = described.Data.GetProperty("structFields")[0];
        Assert.Equal(("parts", "of a part"), (parts.GetProperty("description").GetString(), parts.GetProperty("fields")[0].GetProperty("description").GetString()));
    }

    [Theory]
    [InlineData("s[none]")]
    [InlineData("key")]
    public async Task An_index_on_a_field_that_the_new_collection_lacks_is_refused(string field) =>
        Assert.Equal(
            $"missing required parameters, error: `{field}` hasn't defined in schema",
            await server.RefusedAsync(1802, "collections/create", $$$"""
                {"collectionName":"lacking","schema":{"enableDynamicField":true,"fields":[{"fieldName":"id","dataType":"Int64","isPrimary":true},{"fieldName":"v","dataType":"FloatVector","elementTypeParams":{"dim":4}}],
                  "structFields":[{"fieldName":"s","fields":[{"fieldName":"e","dataType":"Array","elementDataType":"Int64","elementTypeParams":{"max_capacity":3}}]}]},
                 "indexParams":[{"fieldName":"v","metricType":"L2"},{"fieldName":"{{{field}}}","metricType":"L2"}]}
                """));

    [Fact]
    public async Task A_custom_schema_is_described_as_it_was_given()
    {
        await server.DataAsync("collections/create", """
            {"collectionName":"custom","description":"books","schema":{"autoID":false,"enableDynamicField":true,"fields":[
              {"fieldName":"id","dataType":"VarChar","isPrimary":true,"elementTypeParams":{"max_length":64}},
              {"fieldName":"tenant","dataType":"Int64","isPartitionKey":true},
              {"fieldName":"flag","dataType":"Bool","nullable":true,"defaultValue":true},
              {"fieldName":"small","dataType":"Int8","defaultValue":3},
              {"fieldName":"big","dataType":"Int64","defaultValue":4},
              {"fieldName":"ratio","dataType":"Float","defaultValue":0.5},
              {"fieldName":"exact","dataType":"Double","defaultValue":2},
              {"fieldName":"title","dataType":"VarChar","elementTypeParams":{"max_length":"10"},"defaultValue":"none"},
              {"fieldName":"tags","dataType":"Array","elementDataType":"VarChar","elementTypeParams":{"max_length":9,"max_capacity":5}},
              {"fieldName":"meta","dataType":"JSON","nullable":true},
              {"fieldName":"v","dataType":"FloatVector","elementTypeParams":{"dim":3}},
              {"fieldName":"w","dataType":"SparseFloatVector"}]},
             "params":{"partitionsNum":4},
             "indexParams":[{"fieldName":"v","indexName":"by_v","metricType":"L2","indexType":"HNSW","params":{"M":8,"efConstruction":64}},
                            {"fieldName":"w","metricType":"IP","params":{"index_type":"SPARSE_INVERTED_INDEX"}}]}
            """);
        var d = await server.DataAsync("collections/describe", new { collectionName = "custom" });
        var fields = d.GetProperty("fields").EnumerateArray().ToDictionary(f => f.GetProperty("name").GetString()!);
        Assert.Equal(12, fields.Count);
        Assert.True(fields["tenant"].GetProperty("partitionKey").GetBoolean());
        Assert.Equal("Array", fields["tags"].GetProperty("type").GetString());
        Assert.Equal("VarChar", fields["tags"].GetProperty("elementType").GetString());
        Assert.Equal("JSON", fields["meta"].GetProperty("type").GetString());
        string Default(string name) => fields[name].GetProperty("defaultValue").GetRawText();
        Assert.Equal("""{"Data":{"BoolData":true}}""", Default("flag"));
        Assert.Equal("""{"Data":{"IntData":3}}""", Default("small"));
        Assert.Equal("""{"Data":{"LongData":4}}""", Default("big"));
        Assert.Equal("""{"Data":{"FloatData":0.5}}""", Default("ratio"));
        Assert.Equal("""{"Data":{"DoubleData":2}}""", Default("exact"));
        Assert.Equal("""{"Data":{"StringData":"none"}}""", Default("title"));
        Assert.Equal(4, d.GetProperty("partitionsNum").GetInt32());
        Assert.Equal(["by_v", "w"], d.GetProperty("indexes").EnumerateArray().Select(i => i.GetProperty("indexName").GetString()));
        Assert.Equal("LoadStateLoaded", d.GetProperty("load").GetString());

        var index = (await server.DataAsync("indexes/describe", new { collectionName = "custom", indexName = "by_v" }))[0];
        Assert.Equal(("HNSW", "L2", "Finished"), (index.GetProperty("indexType").GetString(), index.GetProperty("metricType").GetString(), index.GetProperty("indexState").GetString()));
        Assert.Equal(["", "", ""], new[] { "mmap.enabled", "indexoffsetcache.enabled", "warmup" }.Select(k => index.GetProperty(k).GetString()));
        Assert.Contains(index.GetProperty("indexParams").EnumerateArray(), p => p.GetProperty("key").GetString() == "params" && p.GetProperty("value").GetString() == """{"M":8,"efConstruction":64}""");
        Assert.Equal(["by_v", "w"], EnvelopeTests.Names(await server.DataAsync("indexes/list", new { collectionName = "custom" })));

        await server.DataAsync("indexes/create", new { collectionName = "custom", indexParams = new object[] { new { fieldName = "big", indexType = "INVERTED" }, new { fieldName = "small", indexType = "STL_SORT", metricType = "L2" } } });
        Assert.Equal("", (await server.DataAsync("indexes/describe", new { collectionName = "custom", indexName = "big" }))[0].GetProperty("metricType").GetString());
        Assert.Equal("L2", (await server.DataAsync("indexes/describe", new { collectionName = "custom", indexName = "small" }))[0].GetProperty("metricType").GetString());
        Assert.Equal(
            ["L2", "IP", "COSINE", "L2"],
            (await server.DataAsync("collections/describe", new { collectionName = "custom" })).GetProperty("indexes").EnumerateArray().Select(i => i.GetProperty("metricType").GetString()));
    }

    [Fact]
    public async Task Without_index_params_nothing_is_indexed_or_loaded_until_asked()
    {
        const string Name = "steps";
        await server.DataAsync("collections/create", """{"collectionName":"steps","schema":{"fields":[{"fieldName":"id","dataType":"Int64","isPrimary":true},{"fieldName":"v","dataType":"FloatVector","elementTypeParams":{"dim":2}}]}}""");
        Assert.Equal("""{"loadState":"LoadStateNotLoad"}""", (await server.DataAsync("collections/get_load_state", new { collectionName = Name })).GetRawText());
        Assert.Equal("[]", (await server.DataAsync("indexes/list", new { collectionName = Name })).GetRawText());
        await server.RefusedAsync(700, "indexes/describe", new { collectionName = Name, indexName = "v" });
        Assert.Equal("failed to query: collection not loaded[collection=steps]", await server.RefusedAsync(101, "entities/query", new { collectionName = Name, filter = "id > 0" }));
        await server.RefusedAsync(1801, "indexes/create", new { collectionName = Name, indexParams = "v" });
        await server.DataAsync("indexes/create", new { collectionName = Name, indexParams = new[] { new { fieldName = "v", metricType = "IP" } } });
        await server.DataAsync("collections/load", new { collectionName = Name });
        Assert.Equal("""{"loadState":"LoadStateLoaded","loadProgress":100}""", (await LoadedAsync(Name)).GetRawText());
        await server.DataAsync("collections/release", new { collectionName = Name });
        await server.DataAsync("indexes/drop", new { collectionName = Name, indexName = "v" });
        await server.DataAsync("collections/drop", new { collectionName = Name });
        await server.DataAsync("collections/drop", new { collectionName = Name });
        await server.RefusedAsync(100, "collections/get_load_state", new { collectionName = Name });
        Assert.Equal("Completed", (await server.DataAsync("collections/get_compaction_state", new { compactionID = 7 })).GetProperty("state").GetString());
    }

    [Fact]
    public async Task Partitions_and_aliases_live_and_die()
    {
        const string Name = "parts";
        await server.DataAsync("collections/create", new { collectionName = Name, dimension = 2, @params = new { partitionsNum = 7 } });
        await server.DataAsync("partitions/create", new { collectionName = Name, partitionName = "p" });
        Assert.Equal(["_default", "p"], EnvelopeTests.Names(await server.DataAsync("partitions/list", new { collectionName = Name })));
        Assert.Equal("""{"has":true}""", (await server.DataAsync("partitions/has", new { collectionName = Name, partitionName = "p" })).GetRawText());
        await server.DataAsync("entities/insert", new { collectionName = Name, partitionName = "p", data = new[] { new { id = 1, vector = new[] { 1, 2 } } } });
        Assert.Equal("""{"rowCount":1}""", (await server.DataAsync("partitions/get_stats", new { collectionName = Name, partitionName = "p" })).GetRawText());
        await server.RefusedAsync(200, "partitions/get_stats", new { collectionName = Name, partitionName = "none" });
        await server.RefusedAsync(1802, "partitions/load", new { collectionName = Name });
        await server.DataAsync("partitions/release", new { collectionName = Name, partitionNames = new[] { "p" } });
        await server.DataAsync("partitions/drop", new { collectionName = Name, partitionName = "p" });

        await server.DataAsync("aliases/create", new { collectionName = Name, aliasName = "other" });
        Assert.Equal("""{"dbName":"default","collectionName":"parts","aliasName":"other"}""", (await server.DataAsync("aliases/describe", new { aliasName = "other" })).GetRawText());
        Assert.Equal(["other"], EnvelopeTests.Names(await server.DataAsync("aliases/list", new { collectionName = Name })));
        Assert.Equal(Name, (await server.DataAsync("collections/describe", new { collectionName = "other" })).GetProperty("collectionName").GetString());
        await server.RefusedAsync(1600, "aliases/alter", new { collectionName = Name, aliasName = "absent" });
        await server.DataAsync("aliases/drop", new { aliasName = "other" });
        await server.DataAsync("collections/rename", new { collectionName = Name, newCollectionName = "parts2" });
        Assert.False((await server.DataAsync("collections/has", new { collectionName = Name })).GetProperty("has").GetBoolean());
    }

    [Fact]
    public async Task Properties_come_and_go()
    {
        const string Name = "props";
        await server.DataAsync("collections/create", new { collectionName = Name, dimension = 2, properties = new Dictionary<string, object> { ["ttl.seconds"] = 50 } });
        await server.DataAsync("collections/alter_properties", """{"collectionName":"props","properties":{"collection.autocompaction.enabled":true}}""");
        var described = (await server.DataAsync("collections/describe", new { collectionName = Name })).GetProperty("properties").GetRawText();
        Assert.Contains("""{"key":"collection.ttl.seconds","value":"50"}""", described);
        Assert.Contains("""{"key":"collection.autocompaction.enabled","value":"true"}""", described);
        await server.DataAsync("collections/drop_properties", new { collectionName = Name, propertyKeys = new[] { "collection.ttl.seconds" } });
        Assert.DoesNotContain("ttl", (await server.DataAsync("collections/describe", new { collectionName = Name })).GetProperty("properties").GetRawText());
    }

    [Fact]
    public async Task A_field_added_later_reads_its_default_in_old_rows()
    {
        const string Name = "grown";
        await server.DataAsync("collections/create", new { collectionName = Name, dimension = 2 });
        await server.DataAsync("entities/insert", new { collectionName = Name, data = new[] { new { id = 1, vector = new[] { 1, 2 } } } });
        await server.RefusedAsync(1802, "collections/fields/add", new { collectionName = Name });
        await server.RefusedAsync(1100, "collections/fields/add", new { collectionName = Name, schema = new { fieldName = "n", dataType = "Int32" } });
        await server.DataAsync("collections/fields/add", new { collectionName = Name, schema = new { fieldName = "n", dataType = "Int32", nullable = true, defaultValue = 5 } });
        Assert.Equal("""[{"n":5,"id":"1"}]""", (await server.DataAsync("entities/query", new { collectionName = Name, filter = "id == 1", outputFields = new[] { "n" } })).GetRawText());
    }

    private async Task<JsonElement> LoadedAsync(string name)
    {
        JsonElement state;
        do state = await server.DataAsync("collections/get_load_state", new { collectionName = name });
        while (state.GetProperty("loadState").GetString() == "LoadStateLoading");
        return state;
    }
}
