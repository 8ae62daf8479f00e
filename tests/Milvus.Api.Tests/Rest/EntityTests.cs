using System.Text.Json;

namespace Milvus.Api.Tests.Rest;

/// <summary>Rows through insert, upsert, delete, query and get.</summary>
[Collection(nameof(SharedRestServer))]
public sealed class EntityTests(RestServer server)
{
    private const string EveryType = """
        {"collectionName":"every","schema":{"enableDynamicField":true,"fields":[
          {"fieldName":"id","dataType":"Int64","isPrimary":true},
          {"fieldName":"b","dataType":"Bool","nullable":true},{"fieldName":"i8","dataType":"Int8","nullable":true},{"fieldName":"i16","dataType":"Int16","nullable":true},
          {"fieldName":"i32","dataType":"Int32","nullable":true},{"fieldName":"i64","dataType":"Int64","nullable":true},
          {"fieldName":"f","dataType":"Float","nullable":true},{"fieldName":"d","dataType":"Double","nullable":true},
          {"fieldName":"s","dataType":"VarChar","elementTypeParams":{"max_length":100},"nullable":true},{"fieldName":"j","dataType":"JSON","nullable":true},
          {"fieldName":"ab","dataType":"Array","elementDataType":"Bool","elementTypeParams":{"max_capacity":4},"nullable":true},
          {"fieldName":"ai","dataType":"Array","elementDataType":"Int16","elementTypeParams":{"max_capacity":4},"nullable":true},
          {"fieldName":"al","dataType":"Array","elementDataType":"Int64","elementTypeParams":{"max_capacity":4},"nullable":true},
          {"fieldName":"af","dataType":"Array","elementDataType":"Float","elementTypeParams":{"max_capacity":4},"nullable":true},
          {"fieldName":"ad","dataType":"Array","elementDataType":"Double","elementTypeParams":{"max_capacity":4},"nullable":true},
          {"fieldName":"as","dataType":"Array","elementDataType":"VarChar","elementTypeParams":{"max_capacity":4,"max_length":9},"nullable":true},
          {"fieldName":"vf","dataType":"FloatVector","elementTypeParams":{"dim":2}},{"fieldName":"vb","dataType":"BinaryVector","elementTypeParams":{"dim":16}},
          {"fieldName":"vh","dataType":"Float16Vector","elementTypeParams":{"dim":2}},{"fieldName":"vg","dataType":"BFloat16Vector","elementTypeParams":{"dim":2}},
          {"fieldName":"vi","dataType":"Int8Vector","elementTypeParams":{"dim":2}},{"fieldName":"vs","dataType":"SparseFloatVector"}]},
         "indexParams":[{"fieldName":"vf"},{"fieldName":"vb"},{"fieldName":"vh"},{"fieldName":"vg"},{"fieldName":"vi"},{"fieldName":"vs"}]}
        """;

    private const string Vectors = "\"vf\":[0.25,-1],\"vb\":\"Af8=\",\"vh\":[1,2],\"vg\":[1,2],\"vi\":[-128,127],\"vs\":{\"7\":0.5,\"1\":2}";

    [Fact]
    public async Task Every_type_comes_back_in_its_documented_form()
    {
        await server.DataAsync("collections/create", EveryType);
        // Values as themselves, as text, and absent; vectors in every form there is.
        await server.DataAsync("entities/insert", $$"""
            {"collectionName":"every","data":[
              {"id":9223372036854775807,"b":true,"i8":-128,"i16":-32768,"i32":-2147483648,"i64":-9223372036854775808,"f":0.1,"d":0.1,"s":"tab\té\"","j":{"k":[1,null]},
               "ab":[true,false],"ai":[1,-1],"al":[9007199254740993],"af":[0.5],"ad":[1e300],"as":["x",""],"extra":{"deep":[1.5]},"n":12345678901234567,"gone":null,{{Vectors}}},
              {"id":"2","b":"false","i8":"127","i16":"5","i32":"6","i64":"7","f":"1.5","d":"-2e10","s":"","j":"{\"given\":1}","ab":[],"ai":[],"al":[],"af":[],"ad":[],"as":[],
               "vf":[0,0],"vb":[1,255],"vh":"ADwAQA==","vg":"gD8AQA==","vi":[0,0],"vs":{"indices":[7,1],"values":[0.5,2]} },
              {"id":3,"j":null,{{Vectors}}}]}
            """);
        var rows = (await server.DataAsync("entities/query", new { collectionName = "every", filter = "id > 0", consistencyLevel = "Strong" })).EnumerateArray().ToList();
        Assert.Equal(3, rows.Count);
        var (text, none, full) = (rows[0], rows[1], rows[2]);
        Is(full, "id", "\"9223372036854775807\"");
        Is(full, "b", "true");
        Is(full, "i8", "-128");
        Is(full, "i16", "-32768");
        Is(full, "i32", "-2147483648");
        Is(full, "i64", "\"-9223372036854775808\"");
        Is(full, "f", "0.1");
        Is(full, "d", "0.1");
        Assert.Equal("tab\té\"", full.GetProperty("s").GetString());
        Assert.Equal("""{"k":[1,null]}""", full.GetProperty("j").GetString());
        Is(full, "ab", """{"Data":{"BoolData":{"data":[true,false]}}}""");
        Is(full, "ai", """{"Data":{"IntData":{"data":[1,-1]}}}""");
        Is(full, "al", """{"Data":{"LongData":{"data":[9007199254740993]}}}""");
        Is(full, "af", """{"Data":{"FloatData":{"data":[0.5]}}}""");
        Is(full, "ad", """{"Data":{"DoubleData":{"data":[1E+300]}}}""");
        Is(full, "as", """{"Data":{"StringData":{"data":["x",""]}}}""");
        Is(full, "extra", """{"deep":[1.5]}""");
        Is(full, "n", "12345678901234567");
        Assert.False(full.TryGetProperty("gone", out _));
        Is(full, "vf", "[0.25,-1]");
        Is(full, "vb", "\"Af8=\"");
        Is(full, "vh", "\"ADwAQA==\"");
        Is(full, "vg", "\"gD8AQA==\"");
        Is(full, "vi", "\"gH8=\"");
        Is(full, "vs", """{"1":2,"7":0.5}""");

        Is(text, "i64", "\"7\"");
        Is(text, "b", "false");
        Is(text, "f", "1.5");
        Is(text, "d", "-20000000000");
        Assert.Equal("""{"given":1}""", text.GetProperty("j").GetString());
        Is(text, "ai", """{"Data":{"IntData":{"data":[]}}}""");
        foreach (var same in new[] { "vb", "vh", "vg", "vs" }) Is(text, same, full.GetProperty(same).GetRawText());
        foreach (var name in new[] { "b", "i8", "i16", "i32", "i64", "f", "d", "s", "j", "ab", "ai", "al", "af", "ad", "as" }) Is(none, name, "null");
    }

    [Theory]
    [InlineData("\"i8\":128")]
    [InlineData("\"i32\":2147483648")]
    [InlineData("\"i64\":9223372036854775808")]
    [InlineData("\"i64\":1.5")]
    [InlineData("\"i64\":true")]
    [InlineData("\"b\":1")]
    [InlineData("\"b\":\"yes\"")]
    [InlineData("\"f\":\"much\"")]
    [InlineData("\"s\":5")]
    [InlineData("\"ai\":\"[1]\"")]
    [InlineData("\"ai\":[null]")]
    [InlineData("\"ai\":[40000]")]
    [InlineData("\"vf\":[1]")]
    [InlineData("\"vf\":[1,\"2\"]")]
    [InlineData("\"vf\":\"AAAAAAAAAAA=\"")]
    [InlineData("\"vb\":\"AQ==\"")]
    [InlineData("\"vb\":\"no base64\"")]
    [InlineData("\"vb\":[1,256]")]
    [InlineData("\"vi\":[1,128]")]
    [InlineData("\"vs\":[1,2]")]
    [InlineData("\"vs\":{\"x\":1}")]
    [InlineData("\"vs\":{\"-1\":1}")]
    [InlineData("\"vs\":{\"1\":\"y\"}")]
    [InlineData("\"vs\":{\"indices\":[1],\"values\":[1,2]}")]
    [InlineData("\"vf\":null")]
    [InlineData("\"$meta\":{}")]
    public async Task A_row_that_does_not_fit_is_1804(string member) => await RefusesRowAsync(1804, member);

    [Theory]
    [InlineData("\"f\":1e39")]
    [InlineData("\"d\":1e999")]
    [InlineData("\"j\":\"not json\"")]
    [InlineData("\"ai\":[1,2,3,4,5]")]
    [InlineData("\"as\":[\"longer than nine\"]")]
    [InlineData("\"vf\":[1e39,0]")]
    [InlineData("\"vs\":{\"1\":-1}")]
    [InlineData("\"vs\":{\"indices\":[1,1],\"values\":[1,2]}")]
    public async Task A_value_out_of_bounds_is_1100(string member) => await RefusesRowAsync(1100, member);

    [Fact]
    public async Task Rows_have_to_be_a_list_of_objects()
    {
        await server.DataAsync("collections/create", new { collectionName = "shape", dimension = 2, @params = new { enableDynamicField = false } });
        await server.RefusedAsync(1802, "entities/insert", """{"collectionName":"shape"}""");
        await server.RefusedAsync(1801, "entities/insert", """{"collectionName":"shape","data":{"id":1,"vector":[1,2]}}""");
        await server.RefusedAsync(1804, "entities/insert", """{"collectionName":"shape","data":[]}""");
        await server.RefusedAsync(1804, "entities/insert", """{"collectionName":"shape","data":[[1,2]]}""");
        await server.RefusedAsync(1804, "entities/insert", """{"collectionName":"shape","data":[{"id":1}]}""");
        Assert.StartsWith(
            "fail to deal the insert data, error: has pass more field without dynamic schema, please check it",
            await server.RefusedAsync(1804, "entities/insert", """{"collectionName":"shape","data":[{"id":1,"vector":[1,2],"x":1}]}"""));
        await server.RefusedAsync(200, "entities/insert", """{"collectionName":"shape","partitionName":"none","data":[{"id":1,"vector":[1,2]}]}""");
        await server.RefusedAsync(100, "entities/insert", """{"collectionName":"missing","data":[{"id":1,"vector":[1,2]}]}""");
        Assert.Equal("""[{"count(*)":0}]""", (await server.DataAsync("entities/query", new { collectionName = "shape", outputFields = new[] { "count(*)" } })).GetRawText());
    }

    [Fact]
    public async Task Integers_of_64_bits_are_text_or_numbers_as_the_header_says()
    {
        await server.DataAsync("collections/create", new { collectionName = "wide", dimension = 2 });
        var insert = """{"collectionName":"wide","data":[{"id":9007199254740993,"vector":[1,2]}]}""";
        Assert.Equal("""{"insertCount":1,"insertIds":[9007199254740993]}""", (await server.DataAsync("entities/insert", insert, ("Accept-Type-Allow-Int64", "true"))).GetRawText());
        var get = """{"collectionName":"wide","id":9007199254740993,"outputFields":["id"]}""";
        Assert.Equal("""[{"id":9007199254740993}]""", (await server.DataAsync("entities/get", get, ("Accept-Type-Allow-Int64", "true"))).GetRawText());
        Assert.Equal("""[{"id":"9007199254740993"}]""", (await server.DataAsync("entities/get", get, ("Accept-Type-Allow-Int64", "false"))).GetRawText());
        Assert.Equal("""[{"count(*)":1}]""", (await server.DataAsync("entities/query", """{"collectionName":"wide","outputFields":["count(*)"],"limit":5}""", ("Accept-Type-Allow-Int64", "false"))).GetRawText());
        Assert.Equal("""{"deleteCount":1}""", (await server.DataAsync("entities/delete", """{"collectionName":"wide","filter":"id == 9007199254740993"}""", ("Accept-Type-Allow-Int64", "false"))).GetRawText());
    }

    [Fact]
    public async Task Generated_keys_are_returned_and_not_taken()
    {
        await server.DataAsync("collections/create", new { collectionName = "auto", dimension = 2, autoID = true });
        await server.RefusedAsync(1804, "entities/insert", """{"collectionName":"auto","data":[{"id":1,"vector":[1,2]}]}""");
        var ids = (await server.DataAsync("entities/insert", """{"collectionName":"auto","data":[{"vector":[1,2]},{"vector":[3,4]}]}""")).GetProperty("insertIds");
        Assert.Equal(2, ids.EnumerateArray().Select(i => i.GetString()).Distinct().Count());
        var got = await server.DataAsync("entities/get", new { collectionName = "auto", id = ids[1].GetString(), outputFields = new[] { "vector" } });
        Assert.Equal("[3,4]", got[0].GetProperty("vector").GetRawText());
    }

    [Fact]
    public async Task Get_takes_one_key_or_many_and_refuses_what_is_none()
    {
        await server.DataAsync("collections/create", new { collectionName = "keys", dimension = 2 });
        await server.DataAsync("entities/insert", """{"collectionName":"keys","data":[{"id":0,"vector":[1,2]},{"id":1,"vector":[1,2],"x":"y"},{"id":2,"vector":[1,2]}]}""");
        Assert.Equal("""[{"id":"1","x":"y"}]""", (await server.DataAsync("entities/get", """{"collectionName":"keys","id":1,"outputFields":["x"]}""")).GetRawText());
        Assert.Equal(3, (await server.DataAsync("entities/get", """{"collectionName":"keys","id":[2,"1",0,77]}""")).GetArrayLength());
        Assert.Equal("[]", (await server.DataAsync("entities/get", """{"collectionName":"keys","id":[]}""")).GetRawText());
        await server.RefusedAsync(1802, "entities/get", """{"collectionName":"keys"}""");
        foreach (var bad in new[] { "\"x\"", "1.5", "true", "{}", "[null]", "[[1]]", "99999999999999999999" })
            Assert.StartsWith("please check the primary key and its' type can only in [int, string]", await server.RefusedAsync(1806, "entities/get", $$"""{"collectionName":"keys","id":{{bad}}}"""));
    }

    [Fact]
    public async Task Upsert_replaces_and_a_partial_one_merges()
    {
        await server.DataAsync("collections/create", """
            {"collectionName":"merge","schema":{"enableDynamicField":true,"fields":[{"fieldName":"id","dataType":"VarChar","isPrimary":true,"elementTypeParams":{"max_length":9}},
              {"fieldName":"n","dataType":"Int32","nullable":true},{"fieldName":"tags","dataType":"Array","elementDataType":"Int64","elementTypeParams":{"max_capacity":9}},
              {"fieldName":"v","dataType":"FloatVector","elementTypeParams":{"dim":2}}]},"indexParams":[{"fieldName":"v"}]}
            """);
        await server.DataAsync("entities/insert", """{"collectionName":"merge","data":[{"id":"a","n":1,"tags":[1,2],"v":[1,2],"x":5}]}""");
        Assert.Equal("""{"upsertCount":1,"upsertIds":["a"]}""", (await server.DataAsync("entities/upsert", """{"collectionName":"merge","partialUpdate":true,"data":[{"id":"a","n":7}]}""")).GetRawText());
        await IsAsync("""{"n":7,"tags":{"Data":{"LongData":{"data":[1,2]}}},"v":[1,2],"id":"a","x":5}""");
        await server.DataAsync("entities/upsert", """{"collectionName":"merge","data":[{"id":"a","tags":[3]}],"fieldOps":[{"fieldName":"tags","op":"array_append"}]}""");
        await server.DataAsync("entities/upsert", """{"collectionName":"merge","data":[{"id":"a","tags":[1]}],"fieldOps":[{"fieldName":"tags","op":"ARRAY_REMOVE"}]}""");
        await server.DataAsync("entities/upsert", """{"collectionName":"merge","partialUpdate":true,"data":[{"id":"a","n":null,"y":6}]}""");
        await IsAsync("""{"n":null,"tags":{"Data":{"LongData":{"data":[2,3]}}},"v":[1,2],"id":"a","x":5,"y":6}""");
        await server.DataAsync("entities/upsert", """{"collectionName":"merge","data":[{"id":"a","tags":[],"v":[3,4]}]}""");
        await IsAsync("""{"n":null,"tags":{"Data":{"LongData":{"data":[]}}},"v":[3,4],"id":"a"}""");
        await server.RefusedAsync(1100, "entities/upsert", """{"collectionName":"merge","data":[{"id":"a","tags":[3]}],"fieldOps":[{"fieldName":"tags","op":"sort"}]}""");
        await server.RefusedAsync(1804, "entities/upsert", """{"collectionName":"merge","data":[{"tags":[],"v":[3,4]}]}""");
        Assert.NotEqual(0, (await server.SendAsync("entities/upsert", """{"collectionName":"merge","partialUpdate":true,"data":[{"id":"new","n":1}]}""")).Code);

        async Task IsAsync(string row) => Assert.Equal($"[{row}]", (await server.DataAsync("entities/query", """{"collectionName":"merge","filter":"id != ''"}""")).GetRawText());
    }

    [Fact]
    public async Task Queries_page_filter_and_fill_in_templates()
    {
        await server.DataAsync("collections/create", new { collectionName = "pages", dimension = 2 });
        var data = Enumerable.Range(0, 250).Select(i => new { id = i, vector = new[] { i, 1 }, color = i % 2 == 0 ? "red" : "blue" });
        Assert.Equal(250, (await server.DataAsync("entities/insert", new { collectionName = "pages", data })).GetProperty("insertCount").GetInt32());
        Assert.Equal(100, (await server.DataAsync("entities/query", """{"collectionName":"pages"}""")).GetArrayLength());
        Assert.Equal(["10", "12", "14"], await IdsAsync("""{"collectionName":"pages","filter":"color == 'red' and id >= 6","offset":2,"limit":3,"outputFields":["id"]}"""));
        Assert.Equal(["1", "5"], await IdsAsync("""{"collectionName":"pages","filter":"id in {ids} and color == {c}","exprParams":{"ids":[1,2,5],"c":"blue"},"outputFields":[]}"""));
        Assert.Equal("129,128", string.Join(',', (await server.DataAsync("entities/query", """{"collectionName":"pages","filter":"id < 130","orderByFields":["id:desc"],"limit":2}""")).EnumerateArray().Select(r => r.GetProperty("id").GetString())));
        Assert.Equal("""[{"count(*)":4,"max(id)":"3"}]""", (await server.DataAsync("entities/query", """{"collectionName":"pages","filter":"id < 4","outputFields":["count(*)","max(id)"]}""")).GetRawText());
        Assert.Equal(2, (await server.DataAsync("entities/query", """{"collectionName":"pages","filter":"id < 4","outputFields":["id","count(*)"],"groupByFields":["id"],"limit":2}""")).GetArrayLength());
        await server.RefusedAsync(1100, "entities/query", """{"collectionName":"pages","orderByFields":["vector"]}""");
        await server.RefusedAsync(1100, "entities/query", """{"collectionName":"pages","filter":"id in {ids}"}""");
        await server.RefusedAsync(1100, "entities/query", """{"collectionName":"pages","filter":"id =="}""");
        await server.RefusedAsync(1100, "entities/query", """{"collectionName":"pages","limit":16385}""");
        await server.RefusedAsync(1801, "entities/query", """{"collectionName":"pages","limit":"5"}""");
        await server.RefusedAsync(1801, "entities/query", """{"collectionName":"pages","exprParams":[]}""");
        await server.RefusedAsync(1100, "entities/query", """{"collectionName":"pages","exprParams":{"a":null},"filter":"id == {a}"}""");
        await server.RefusedAsync(1802, "entities/delete", """{"collectionName":"pages","id":[1]}""");
        await server.DataAsync("entities/delete", """{"collectionName":"pages","filter":"id in {ids}","exprParams":{"ids":[1,2]}}""");
        Assert.Equal(["5"], await IdsAsync("""{"collectionName":"pages","filter":"id in [1,2,5]","consistencyLevel":"Strong"}"""));

        // An export by key, as the manual describes iterators over REST.
        var (last, seen) = (-1L, 0);
        while (await IdsAsync($$"""{"collectionName":"pages","filter":"id > {{last}}","limit":33,"outputFields":["id"]}""") is { Length: > 0 } page)
        {
            Assert.Equal(page.OrderBy(long.Parse), page);
            last = long.Parse(page[^1]);
            seen += page.Length;
        }
        Assert.Equal(248, seen);
    }

    private async Task<string[]> IdsAsync(string body) =>
        [.. (await server.DataAsync("entities/query", body)).EnumerateArray().Select(r => r.GetProperty("id").GetString()!)];

    private async Task RefusesRowAsync(int code, string member)
    {
        await server.DataAsync("collections/create", EveryType.Replace("\"every\"", "\"refusing\""));
        // The first row is good: it must not be left behind. Of a member given twice the later counts.
        await server.RefusedAsync(code, "entities/insert", $$"""{"collectionName":"refusing","data":[{"id":1,{{Vectors}}},{"id":2,{{Vectors}},{{member}}}]}""");
        Assert.Equal("""[{"count(*)":0}]""", (await server.DataAsync("entities/query", """{"collectionName":"refusing","outputFields":["count(*)"],"consistencyLevel":"Strong"}""")).GetRawText());
    }

    private static void Is(JsonElement row, string field, string json) => Assert.Equal((field, json), (field, row.GetProperty(field).GetRawText()));
}
