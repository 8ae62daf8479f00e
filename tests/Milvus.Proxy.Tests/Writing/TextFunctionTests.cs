using System.Runtime.InteropServices;
using System.Text;
using Milvus.Coordinator.Commands;
using Milvus.Model;
using Milvus.Proxy.Tests.Model;
using static Milvus.Proxy.Tests.Model.Given;

namespace Milvus.Proxy.Tests.Writing;

/// <summary>Functions that turn texts into vectors, when rows are written and when texts are searched.</summary>
public sealed class TextFunctionTests
{
    private static FunctionSchema Embedding(string provider = "fake") => new()
    {
        Name = "e",
        Type = FunctionType.TextEmbedding,
        InputFields = ["text"],
        OutputFields = ["v"],
        Params = [new Property("provider", provider), new Property("model_name", "m")],
    };

    private static async Task<World> EmbeddedAsync(int dim = 2)
    {
        var world = new World();
        world.Create([Key(), VarChar("text", 64), Vector(dim: dim) with { IsFunctionOutput = true }, Field("n", DataType.Int64, nullable: true)], shards: 2, functions: Embedding());
        if (dim == 2) await world.InsertAsync(3, Int64s("id", 1, 2, 3), Texts("text", "abc", "aeiou", "a long text"), Int64s("n", 1, 2, 3));
        return world;
    }

    private static QueryVectors Asked(params string[] texts) => new(DataType.VarChar, [.. texts.Select(t => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(t))]);

    [Fact]
    public async Task Texts_are_embedded_at_insert_and_at_search()
    {
        var world = await EmbeddedAsync();
        Assert.Equal((EmbeddingPurpose.Document, "abc,aeiou,a long text"), (world.Models.Embedded[0].Purpose, string.Join(',', world.Models.Embedded[0].Texts)));
        var result = await world.SearchAsync(Asked("uoiea", "xyz"), ["v"], ("topk", "1"));
        Assert.Equal([2L, 1], result.Ids.Int64s.ToArray());
        Assert.Equal([0f, 1], result.Scores.ToArray());
        Assert.Equal(EmbeddingPurpose.Query, world.Models.Embedded[1].Purpose);
        // What a model made of a text can be read.
        Assert.Equal([5f, 5], MemoryMarshal.Cast<byte, float>(((VectorColumn)result.Columns[0].Column)[0]).ToArray());
        Assert.Contains("v", (await world.QueryAsync("id == 1", ["*"])).Columns.Select(c => c.Name));
    }

    [Fact]
    public async Task Upserts_embed_again_only_what_changed()
    {
        var world = await EmbeddedAsync();
        await world.Proxy.UpsertAsync(RequestContext.Default, new UpsertRequest { Collection = "c", RowCount = 1, Columns = [Int64s("id", 1), Int64s("n", 9)], PartialUpdate = true });
        Assert.Single(world.Models.Embedded);
        await world.Proxy.UpsertAsync(RequestContext.Default, new UpsertRequest { Collection = "c", RowCount = 1, Columns = [Int64s("id", 1), Texts("text", "ooo")], PartialUpdate = true });
        Assert.Equal(2, world.Models.Embedded.Count);
        Assert.Equal(1L, Assert.Single((await world.SearchAsync(Asked("uuu"), ("topk", "1"))).Ids.Int64s.ToArray()));
        Assert.Equal(["9"], ShowAll((await world.QueryAsync("id == 1", ["n"])).Columns[0].Column));
    }

    [Fact]
    public async Task Problems_of_models_and_texts_have_their_codes()
    {
        var world = await EmbeddedAsync(dim: 3);
        await World.RefusedAsync(ErrorCode.FunctionFailed, "required embedding dim is [3], but the embedding obtained from the model is [2]", () => world.InsertAsync(1, Int64s("id", 1), Texts("text", "x"), Int64s("n", 1)));
        await World.RefusedAsync("does not support empty text", () => world.InsertAsync(1, Int64s("id", 1), Texts("text", ""), Int64s("n", 1)));
        world.Models.IsDown = true;
        await World.RefusedAsync(ErrorCode.ServiceUnavailable, "down", () => world.InsertAsync(1, Int64s("id", 1), Texts("text", "x"), Int64s("n", 1)));
        await World.RefusedAsync("unsupported text embedding service provider: [nobody]", () => world.Proxy.ExecuteAsync(
            RequestContext.Default, new CreateCollection("default", "d", new CollectionSchema([Key(), VarChar("text"), Vector()], [Embedding("nobody")]))));
    }

    [Fact]
    public async Task A_function_is_made_with_a_model_that_answers()
    {
        var world = await EmbeddedAsync();
        var done = new List<CoordinatorCommand>();
        world.Coordinator.OnExecute = done.Add;
        CreateCollection Made(int dim, FunctionSchema function) => new("default", "made", new CollectionSchema([Key(), VarChar("text"), Vector(dim: dim)], [function]));
        AlterFunction Altered(FunctionSchema function, string name = "e") => new("default", "c", name, function);
        Task Do(CoordinatorCommand command) => world.Proxy.ExecuteAsync(RequestContext.Default, command);

        await World.RefusedAsync(ErrorCode.FunctionFailed, "the required embedding dim is [3], but the embedding obtained from the model is [2]", () => Do(Made(3, Embedding())));
        await World.RefusedAsync("unsupported text embedding service provider: [nobody]", () => Do(Altered(Embedding("nobody"))));
        world.Models.IsDown = true;
        await World.RefusedAsync(ErrorCode.ServiceUnavailable, "down", () => Do(Made(2, Embedding())));
        await World.RefusedAsync(ErrorCode.ServiceUnavailable, "down", () => Do(Altered(Embedding())));
        // One that comes to a collection in use may wait for its model, but not with a field of another length.
        AddFunction Added(int dim) => new("default", "c", Embedding() with { Name = "later", OutputFields = ["later"] }) { Outputs = [Vector("later", dim)] };
        await Do(Added(3));
        Assert.Single(done);
        done.Clear();
        // The schema's own faults are told before anybody is asked.
        await World.RefusedAsync("function input field not found: nothing", () => Do(Made(2, Embedding() with { InputFields = ["nothing"] })));
        Assert.Empty(done);
        await Do(Altered(Embedding(), "none"));
        world.Models.IsDown = false;
        await World.RefusedAsync(ErrorCode.FunctionFailed, "the required embedding dim is [3], but the embedding obtained from the model is [2]", () => Do(Added(3)));
        await Do(Added(2));
        await Do(Made(2, Embedding()));
        await Do(Altered(Embedding()));
        Assert.Equal(4, done.Count);
    }

    [Fact]
    public async Task Vectors_of_functions_may_be_given_where_the_collection_allows_it()
    {
        var world = await EmbeddedAsync();
        NamedColumn[] row = [Int64s("id", 7), Texts("text", "abc"), Floats("v", [40, 40]), Int64s("n", 1)];
        await World.RefusedAsync("more fieldData has pass in", () => world.InsertAsync(1, row));
        world.SetProperty("collection.function.allowInsertNonBM25FunctionOutputs", "true");
        await world.InsertAsync(1, row);
        Assert.Single(world.Models.Embedded);
        Assert.Equal(7L, Assert.Single((await world.SearchAsync(Queries([40, 40]), ("topk", "1"))).Ids.Int64s.ToArray()));
    }

    [Fact]
    public async Task MinHash_signatures_find_similar_texts()
    {
        var world = new World();
        var function = new FunctionSchema { Name = "m", Type = FunctionType.MinHash, InputFields = ["text"], OutputFields = ["s"], Params = [new Property("token_level", "char")] };
        world.Create([Key(), VarChar("text", 64), Vector("s", 64 * 32, DataType.BinaryVector) with { IsFunctionOutput = true }], metric: MetricType.MinHashJaccard, functions: function);
        await world.InsertAsync(3, Int64s("id", 1, 2, 3), Texts("text", "an apple a day keeps the doctor away", "something else entirely", "an apple a day keeps everyone away"));
        await world.SearchAsync(Asked("an apple a day keeps the doctor away"), ("topk", "3"));
        // The model shards do not score bits: what counts is what they were asked.
        var asked = world.Shards.Searches[^1].Queries;
        Assert.Equal((DataType.BinaryVector, 256), (asked.Type, asked.Rows[0].Length));
        // Signatures, unlike terms, can be read.
        var read = await world.QueryAsync("id == 1", ["s"]);
        Assert.Equal(asked.Rows[0].ToArray(), ((VectorColumn)read.Columns.Single(c => c.Name == "s").Column)[0].ToArray());
    }
}
