using System.Text;
using Milvus.Expressions.Json;
using Milvus.Expressions.Tests.Naive;

namespace Milvus.Expressions.Tests;

/// <summary>Paths into JSON text, odd documents, damaged ones.</summary>
public class JsonTests
{
    [Theory]
    [InlineData("{\"x\": 1}", "json[\"x\"] == 1", true)]
    [InlineData("  {\"y\":{\"x\":2} , \"x\" : [1,{\"k\":\"v\"}] } ", "json[\"x\"][1][\"k\"] == \"v\"", true)]
    [InlineData("{\"x\": 1, \"x\": 2}", "json[\"x\"] == 1", true)]
    [InlineData("{\"0\": 5}", "json[0] == 5", true)]
    [InlineData("[5]", "json[\"0\"] == 5", true)]
    [InlineData("[[1,2],[3,4]]", "json[1][0] == 3", true)]
    [InlineData("[5]", "json[1] == 5 or json[1] != 5", false)]
    [InlineData("{\"a/b\": 1, \"a~b\": 2}", "json[\"a/b\"] == 1 and json[\"a~b\"] == 2", true)]
    [InlineData("{\"\\u0078\": \"\\u0061\\\"\"}", "json[\"x\"] == \"a\\\"\"", true)]
    [InlineData("{\"a\\\"\": {\"}\": 7}}", "json['a\"'][\"}\"] == 7", true)]
    [InlineData("{\"s\": \"]}\\\\\", \"x\": 3}", "json[\"x\"] == 3", true)]
    [InlineData("{\"\": 1}", "json[\"\"] == 1", true)]
    [InlineData("{\"null\": 1}", "json[\"null\"] == 1", true)]
    [InlineData("7", "json > 6.5", true)]
    [InlineData("9007199254740993", "json == 9007199254740993 and json != 9007199254740992.0", true)]
    [InlineData("9007199254740993.0", "json == 9007199254740992", true)]
    [InlineData("18446744073709551615", "json > 9223372036854775807", true)]
    [InlineData("3.0", "json == 3 and json in [3]", true)]
    [InlineData("\"3\"", "json == 3 or json != 3 or json > 1", false)]
    [InlineData("true", "json == 1 or json != 1", false)]
    [InlineData("true", "json == true and json != false", true)]
    [InlineData("null", "json == 1 or json != 1", false)]
    [InlineData("null", "json is null", false)]
    [InlineData("{\"x\": null}", "json[\"x\"] is null", true)]
    [InlineData("{\"x\": [{}, [null]]}", "exists json[\"x\"]", false)]
    [InlineData("{\"x\": [{}, [0]]}", "exists json[\"x\"]", true)]
    [InlineData("{\"x\": \"\"}", "exists json[\"x\"]", true)]
    [InlineData("[1, 2.0, [3]]", "json == [1, 2, [3.0]]", true)]
    [InlineData("[1, 2]", "json != [2, 1]", true)]
    [InlineData("[1, \"a\", [2, 3], true]", "json_contains(json, [2,3]) and json_contains_all(json, [1, \"a\", true]) and json_contains_any(json, [9, true])", true)]
    [InlineData("[3.0]", "json_contains(json, 3)", true)]
    [InlineData("[]", "json_contains_all(json, []) and not json_contains_any(json, [])", true)]
    [InlineData("{\"a\": 1}", "json_contains(json, 1) or not json_contains(json, 1)", false)]
    [InlineData("[1,[2,3],{\"a\":4}]", "array_length(json) == 3", true)]
    [InlineData("{\"a\": {}}", "array_length(json[\"a\"]) == 0 and array_length(json[\"b\"][\"c\"]) < 1 and array_length(json) != 1", true)]
    [InlineData("{\"a\": []}", "array_length(json[\"b\"]) > 0 or array_length(json[\"a\"]) != 0", false)]
    [InlineData("7", "json / 2 == 3 and json / 2 != 4 and json % 4 == 3 and (json & 3) == 3", true)]
    [InlineData("7", "json / 2 == 3.5", true)]
    [InlineData("7.5", "json * 2 == 15 and json - 0.5 == 7", true)]
    [InlineData("7.5", "json % 2 == 1 or json % 2 != 1", false)]
    [InlineData("\"a\\nb\"", "json like \"a_b\" and json =~ \"^a.b$\"", true)]
    public void Reads_documents(string document, string filter, bool passes)
    {
        var rows = new Rows(Sample.Schema, [new Dictionary<string, object?> { ["id"] = 1L, ["key"] = "k", ["json"] = document }]);
        Assert.Equal(passes ? [0] : [], rows.Select(Sample.Compile(filter)));
    }

    [Fact]
    public void Finds_what_a_parser_finds()
    {
        var random = new Random(21);
        var generator = new RandomRows(random);
        foreach (var row in generator.Make(1500))
        {
            if (row["a"] is not string text) continue;
            foreach (var path in new[] { "x", "y.x", "0", "x.0", "x.1.y", "A.0.0", "é" })
            {
                var keys = path.Split('.');
                var expected = NaiveValues.Find(text, keys);
                Assert.Equal(expected is not null, JsonScanner.TryFind(Encoding.UTF8.GetBytes(text), new JsonPath(keys), out var found));
                if (expected is { } e) Assert.Equal(e.GetRawText(), Encoding.UTF8.GetString(found));
            }
        }
    }

    [Fact]
    public void Survives_damaged_documents()
    {
        var random = new Random(22);
        var documents = new List<IReadOnlyDictionary<string, object?>>();
        foreach (var row in new RandomRows(random).Make(1500))
        {
            if (row["a"] is not string text) continue;
            var bytes = Encoding.UTF8.GetBytes(text);
            for (var k = random.Next(1, 4); k > 0; k--)
                bytes[random.Next(bytes.Length)] = random.Next(2) == 0 ? (byte)random.Next(256) : (byte)"{}[]\",:\\ 1"[random.Next(10)];
            documents.Add(new Dictionary<string, object?> { ["id"] = 1L, ["key"] = "k", ["json"] = random.Next(3) == 0 ? bytes[..random.Next(bytes.Length)] : bytes });
        }
        var rows = new Rows(Sample.Schema, documents);
        foreach (var filter in new[] { "json == 1", "json[\"x\"] in [1, \"a\"]", "exists json[\"x\"][\"y\"]", "json_contains_all(json[0], [1])", "json[\"y\"] like \"a%\"", "array_length(json[\"x\"]) == 1", "json == [1, [2]]", "json[\"x\"] > \"a\"" })
            rows.Select(Sample.Compile(filter));
    }

    [Fact]
    public void Takes_deep_documents()
    {
        const int Deep = 20_000;
        var deep = new string('[', Deep) + "1" + new string(']', Deep);
        var rows = new Rows(Sample.Schema, [new Dictionary<string, object?> { ["id"] = 1L, ["key"] = "k", ["json"] = "{\"x\": " + deep + ", \"y\": 2}" }]);
        Assert.Equal([0], rows.Select(Sample.Compile("json[\"y\"] == 2 and exists json[\"x\"] and array_length(json[\"x\"]) == 1 and json[\"x\"] != [1]")));
    }
}
