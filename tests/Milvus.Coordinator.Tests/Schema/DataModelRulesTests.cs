using System.Collections.Immutable;
using Milvus.Coordinator.Commands;
using Milvus.Coordinator.Schema;
using Milvus.Model;
using static Milvus.Coordinator.Tests.Schemas;

namespace Milvus.Coordinator.Tests.Schema;

/// <summary>Rules of the data model beside those of <see cref="SchemaRulesTests"/>: words, types, structs, functions, changes; each mistake with code and text.</summary>
public class DataModelRulesTests
{
    private static readonly FieldSchema Text = Field("t", DataType.VarChar, ("max_length", "99"), ("enable_analyzer", "true"));

    public static TheoryData<string> Words =>
    [
        "like", "LIKE", "and", "AND", "or", "OR", "not", "NOT", "in", "IN", "exists", "EXISTS", "json_contains", "JSON_CONTAINS", "json_contains_all", "JSON_CONTAINS_ALL", "json_contains_any",
        "JSON_CONTAINS_ANY", "array_contains", "ARRAY_CONTAINS", "array_contains_all", "ARRAY_CONTAINS_ALL", "array_contains_any", "ARRAY_CONTAINS_ANY", "array_length", "ARRAY_LENGTH", "text_match",
        "TEXT_MATCH", "phrase_match", "PHRASE_MATCH", "random_sample", "RANDOM_SAMPLE", "true", "True", "TRUE", "false", "False", "FALSE", "null", "Null", "NULL", "$meta",
    ];

    [Theory]
    [MemberData(nameof(Words))]
    public void Words_of_the_filter_language_are_no_field_names(string name) => Refused(ErrorCode.FieldNameInvalid, name, Of(Key, Vector("v"), Field(name, DataType.Int64)));

    [Theory]
    [InlineData("RowID", ErrorCode.FieldNameInvalid, "is reserved for internal use")]
    [InlineData("Timestamp", ErrorCode.FieldNameInvalid, "is reserved for internal use")]
    [InlineData("$namespace_id", ErrorCode.InvalidParameter, "schema contains system field")]
    [InlineData("__virtual_pk__", ErrorCode.FieldNameInvalid, "is reserved for internal use")]
    public void Names_of_the_server_are_no_field_names(string name, ErrorCode code, string text) => Refused(code, text, Of(Key, Vector("v"), Field(name, DataType.Int64)));

    [Theory]
    [InlineData(27)]
    [InlineData(28)]
    [InlineData(29)]
    [InlineData(30)]
    [InlineData(31)]
    [InlineData(77)]
    public void Types_of_newer_protocols_are_refused(int type) => Refused(ErrorCode.InvalidParameter, "is not supported, field name = m", Of(Key, Vector("v"), Field("m", (DataType)type)));

    public static TheoryData<DataType, int, string> Dimensions => new()
    {
        { DataType.FloatVector, 32769, "float vector dimension should be in range 2 ~ 32768" },
        { DataType.BFloat16Vector, 32769, "vector dimension should be in range 2 ~ 32768" },
        { DataType.Int8Vector, 32769, "vector dimension should be in range 2 ~ 32768" },
        { DataType.Int8Vector, 1, "invalid dimension: 1. should be in range 2 ~ 32768" },
        { DataType.Float16Vector, 0, "invalid dimension: 0. should be in range" },
        { DataType.FloatVector, -4, "invalid dimension: -4. should be in range" },
        { DataType.BinaryVector, 262152, "binary vector dimension should be in range 2 ~ 262144" },
        { DataType.BinaryVector, 12, "binary vector dimension should be multiple of 8" },
    };

    [Theory]
    [MemberData(nameof(Dimensions))]
    public void Dimensions_have_limits(DataType type, int dimension, string text) => Refused(ErrorCode.InvalidParameter, text, Of(Key, Vector("v", dimension, type)));

    private static readonly Dictionary<string, (CollectionSchema Schema, string Text)> Cases = new()
    {
        ["array of geometry"] = (Of(Key, Vector("v"), Field("a", DataType.Array, ("max_capacity", "4")) with { ElementType = DataType.Geometry }), "element type Geometry is not supported"),
        ["array of text"] = (Of(Key, Vector("v"), Field("a", DataType.Array, ("max_capacity", "4")) with { ElementType = DataType.Text }), "element type Text is not supported"),
        ["array of timestamps"] = (Of(Key, Vector("v"), Field("a", DataType.Array, ("max_capacity", "4")) with { ElementType = DataType.Timestamptz }), "element type Timestamptz is not supported"),
        ["array of vectors"] = (Of(Key, Vector("v"), Field("a", DataType.Array, ("max_capacity", "4")) with { ElementType = DataType.FloatVector }), "element type FloatVector is not supported"),
        ["array of string"] = (Of(Key, Vector("v"), Field("a", DataType.Array, ("max_capacity", "4")) with { ElementType = DataType.String }), "please use VarChar type instead"),
        ["array capacity zero"] = (Of(Key, Vector("v"), Field("a", DataType.Array, ("max_capacity", "0")) with { ElementType = DataType.Int8 }), "should be in (0, 4096], but got 0 instead"),
        ["array capacity text"] = (Of(Key, Vector("v"), Field("a", DataType.Array, ("max_capacity", "some")) with { ElementType = DataType.Int8 }), "the value for max_capacity of field a must be an integer"),
        ["array text length"] = (Of(Key, Vector("v"), Field("a", DataType.Array, ("max_capacity", "4"), ("max_length", "65536")) with { ElementType = DataType.VarChar }), "but got 65536 instead"),
        ["default of an array"] = (Of(Key, Vector("v"), Field("a", DataType.Array, ("max_capacity", "4")) with { ElementType = DataType.Int8, Default = new Literal.Int(1) }), "type not support default_value, type:Array, name:a"),
        ["default of int16"] = (Of(Key, Vector("v"), Field("i", DataType.Int16) with { Default = new Literal.Int(-32769) }), "-32769 out of range -32768 <= value <= 32767"),
        ["default of int32"] = (Of(Key, Vector("v"), Field("i", DataType.Int32) with { Default = new Literal.Int(1L << 31) }), "2147483648 out of range"),
        ["default of bool"] = (Of(Key, Vector("v"), Field("b", DataType.Bool) with { Default = new Literal.Int(1) }), "type (Bool) of field (b) is not equal to the type(DataType_Int64) of default_value"),
        ["default of text"] = (Of(Key, Vector("v"), Field("b", DataType.Text) with { Default = new Literal.Text(new string('x', (2 << 20) + 1)) }), "exceeds max length (2097152)"),
        ["float default too large"] = (Of(Key, Vector("v"), Field("f", DataType.Float) with { Default = new Literal.Float(1e39) }), "is not a number or infinity"),
        ["partition key skips load"] = (Of(Key, Vector("v"), Field("p", DataType.Int64, ("field.skipLoad", "true")) with { IsPartitionKey = true }), "cannot skip loading, field name = p"),
        ["clustering key skips load"] = (Of(Key, Vector("v"), Field("p", DataType.Int64, ("field.skipLoad", "true")) with { IsClusteringKey = true }), "cannot skip loading, field name = p"),
        ["skipping neither yes nor no"] = (Of(Key, Vector("v"), Field("p", DataType.Int64, ("field.skipLoad", "never"))), "invalid field.skipLoad value of field p: never"),
        ["warm-up of a field"] = (Of(Key, Vector("v"), Field("p", DataType.Int64, ("warmup", "hot"))), "invalid warmup policy: hot"),
        ["analyzer neither yes nor no"] = (Of(Key, Vector("v"), Field("p", DataType.VarChar, ("max_length", "9"), ("enable_analyzer", "2"))), "invalid enable_analyzer value of field p: 2"),
        ["description of a field"] = (Of(Key, Vector("v"), Field("p", DataType.Int64) with { Description = new string('x', 1025) }), "the length of field description must be not greater than limit"),
        ["automatic key elsewhere"] = (Of(Key, Vector("v") with { AutoId = true }), "only primary field can speficy AutoID with true, field name = v"),
        ["geometry as key"] = (Of(Field("id", DataType.Geometry) with { IsPrimaryKey = true }, Vector("v")), "the data type of primary key should be Int64 or VarChar"),
        ["key without length"] = (Of(Field("id", DataType.VarChar) with { IsPrimaryKey = true }, Vector("v")), "type param(max_length) should be specified for the field(id)"),
        ["text as partition key"] = (Of(Key, Vector("v"), Field("p", DataType.Text) with { IsPartitionKey = true }), "the data type of partition key should be Int64 or VarChar"),
        ["struct counts by its fields"] = (new CollectionSchema([Key, Vector("v")], [], [Struct(Enumerable.Range(0, 63).Select(i => Sub($"f{i}", DataType.Int8)))]), "maximum field's number should be limited to 64"),
        ["struct counts by its vectors"] = (new CollectionSchema([Key, .. Enumerable.Range(0, 10).Select(i => Vector($"v{i}"))], [], [Struct([Vectors("w")])]), "maximum vector field's number should be limited to 10"),
        ["struct with a vector of a bad dimension"] = (WithStruct(Vectors("w", 1)), "invalid dimension: 1. should be in range"),
        ["struct with partition key"] = (WithStruct(Sub("a", DataType.Int64) with { IsPartitionKey = true }), "can not be primary key, partition key, clustering key or dynamic, fieldName = a"),
        ["struct with clustering key"] = (WithStruct(Sub("a", DataType.Int64) with { IsClusteringKey = true }), "can not be primary key, partition key, clustering key or dynamic, fieldName = a"),
        ["struct with automatic key"] = (WithStruct(Sub("a", DataType.Int64) with { AutoId = true }), "can not be primary key"),
        ["struct of geometry"] = (WithStruct(Sub("a", DataType.Geometry)), "element type Geometry is not supported"),
        ["struct of text"] = (WithStruct(Sub("a", DataType.Text)), "element type Text is not supported"),
        ["struct of timestamps"] = (WithStruct(Sub("a", DataType.Timestamptz)), "element type Timestamptz is not supported"),
        ["struct with analyzer"] = (WithStruct(Sub("a", DataType.VarChar) with { TypeParams = [new("max_capacity", "4"), new("max_length", "9"), new("enable_analyzer", "true")] }), "enable_analyzer and enable_match are not supported for fields in struct array"),
        ["function without a name"] = (With(Bm25 with { Name = "" }), "function name should not be empty"),
        ["function without output"] = (With(Bm25 with { OutputFields = [] }), "function output field names cannot be empty, function: f"),
        ["function of two inputs"] = (With(Bm25 with { InputFields = ["t", "t"] }), "BM25 function input field must be a VARCHAR/TEXT field, got 2 field"),
        ["function output as partition key"] = (With(Bm25 with { OutputFields = ["p"] }, Field("p", DataType.Int64) with { IsPartitionKey = true }), "function output field cannot be partition key or clustering key"),
        ["function output as clustering key"] = (With(Bm25 with { OutputFields = ["p"] }, Field("p", DataType.Int64) with { IsClusteringKey = true }), "function output field cannot be partition key or clustering key"),
        ["function on a function"] = (
            With(Bm25, VarChar("o"), Text with { Name = "t2" }).With(functions: [Bm25, new FunctionSchema { Name = "g", Type = FunctionType.BM25, InputFields = ["sp"], OutputFields = ["sp2"] }]).With(
                fields: [Key, Text, Sparse("sp"), Sparse("sp2")]),
            "BM25 function input field must be a VARCHAR/TEXT field"),
        ["embedding without provider"] = (With(Embedding with { Params = [] }), "the text embedding service provider parameter is not set, function: e"),
        ["embedding of what may be null"] = (With(Embedding with { InputFields = ["n"] }, VarChar("n") with { Nullable = true }), "function input field cannot be nullable: function e, field n"),
        ["embedding of a number"] = (With(Embedding with { InputFields = ["id"] }), "TextEmbedding function input field must be a VARCHAR/TEXT field, got 1 field with type Int64"),
        ["embedding into bits"] = (With(Embedding with { OutputFields = ["sig"] }, Vector("sig", 32, DataType.BinaryVector)), "TextEmbedding function output field must be a FloatVector or Int8Vector field"),
        ["signature of odd length"] = (With(MinHash(), Vector("sig", 40, DataType.BinaryVector)), "MinHash function output field dim 40 must be a multiple of 32"),
        ["signature of no hashes"] = (With(MinHash(("num_hashes", "0")), Vector("sig", 32, DataType.BinaryVector)), "invalid MinHash function param num_hashes: 0"),
        ["shingles of nothing"] = (With(MinHash(("shingle_size", "0")), Vector("sig", 32, DataType.BinaryVector)), "invalid MinHash function param shingle_size: 0"),
        ["seed that is no number"] = (With(MinHash(("seed", "s")), Vector("sig", 32, DataType.BinaryVector)), "invalid MinHash function param seed: s"),
        ["unknown parameter of signatures"] = (With(MinHash(("k", "1")), Vector("sig", 32, DataType.BinaryVector)), "MinHash function has no param k"),
        ["signature of floats"] = (With(MinHash(), Vector("sig")), "MinHash function output field must be a BinaryVector field"),
        ["fingerprints"] = (With(Bm25 with { Type = (FunctionType)5 }), "unknown function type"),
        ["reranking as a function of the schema"] = (With(Bm25 with { Type = FunctionType.Rerank }), "unknown function type"),
        ["analyzer of no JSON"] = (Of(Key, Vector("v"), Analyzed(("analyzer_params", "{"))), ""),
        ["analyzer of other keys"] = (Of(Key, Vector("v"), Analyzed(("analyzer_params", "{\"tokenizer\":\"standard\",\"speed\":1}"))), "speed"),
        ["analyzer of an unknown type"] = (Of(Key, Vector("v"), Analyzed(("analyzer_params", "{\"type\":\"klingon\"}"))), "klingon"),
        ["analyzer of an unknown filter"] = (Of(Key, Vector("v"), Analyzed(("analyzer_params", "{\"tokenizer\":\"standard\",\"filter\":[\"shout\"]}"))), "shout"),
        ["analyzer of an unknown language"] = (Of(Key, Vector("v"), Analyzed(("analyzer_params", "{\"tokenizer\":\"standard\",\"filter\":[{\"type\":\"stemmer\",\"language\":\"klingon\"}]}"))), "klingon"),
        ["analyzers without a default"] = (Of(Key, Vector("v"), VarChar("l"), Analyzed(("multi_analyzer_params", "{\"analyzers\":{\"en\":{\"type\":\"english\"}},\"by_field\":\"l\"}"))), "default"),
    };

    public static TheoryData<string> CaseNames => new(Cases.Keys);

    [Theory]
    [MemberData(nameof(CaseNames))]
    public void A_mistake_is_refused(string name) => Refused(ErrorCode.InvalidParameter, Cases[name].Text, Cases[name].Schema);

    [Theory]
    [InlineData("nullable", "true")]
    [InlineData("dim", "16")]
    [InlineData("is_partition_key", "true")]
    [InlineData("enable_match", "true")]
    [InlineData("multi_analyzer_params", "{}")]
    [InlineData("anything", "1")]
    public void Nothing_else_of_a_field_can_be_altered(string key, string value)
    {
        var world = new World();
        world.Create("c", Of(Key, Vector("v"), Text));
        world.Refuses(new AlterField("", "c", "t") { SetParams = Properties((key, value)) }, $"{key} does not allow update in collection field param");
    }

    [Fact]
    public void Names_may_be_as_long_and_as_odd_as_the_rules_say()
    {
        var world = new World();
        var longest = new string('n', Limits.NameLength);
        world.Create(longest);
        world.Do(new CreatePartition("", longest, "2024-01"));
        world.Do(new CreatePartition("", longest, longest));
        world.Do(new CreateIndex("", longest, "v") { IndexName = "of[v]" });
        world.Do(new CreateAlias("", "_a", longest));
        world.Do(new CreateRole("r$1"));
        world.Do(new CreateUser("u_1-a.b", "secret"));
        var tooLong = longest + "n";
        world.Refuses(new CreatePartition("", longest, tooLong), "The length of a partition name must be less than 255 characters.");
        world.Refuses(new CreateAlias("", tooLong, longest), "the length of a collection alias must be less than 255 characters");
        world.Refuses(new CreateIndex("", longest, "v") { IndexName = tooLong }, "The length of a index name must be less than 255 characters.");
        world.Refuses(new CreateIndex("", longest, "v") { IndexName = "a-b" }, "Index name can only contain numbers, letters, and underscores.");
        world.Refuses(new CreateRole(tooLong), "the length of role name must be not greater than limit");
        world.Refuses(new CreateRole("r") { Description = new string('x', 1025) }, "description must be not greater than limit");
        world.Refuses(new CreateResourceGroup(""), ErrorCode.MissingParameter, "resource group name couldn't be empty");
    }

    [Theory]
    [InlineData("collection.ttl.seconds", "-2", "collection TTL is out of range, expect [-1, 3155760000], got -2")]
    [InlineData("collection.autocompaction.enabled", "now", "invalid collection.autocompaction.enabled value: now")]
    [InlineData("partitionkey.isolation", "x", "invalid partitionkey.isolation value: x")]
    [InlineData("allow_insert_auto_id", "x", "invalid allow_insert_auto_id value: x")]
    [InlineData("dynamicfield.enabled", "x", "invalid dynamicfield.enabled value: x")]
    [InlineData("collection.replica.number", "0", "invalid collection.replica.number value: 0")]
    [InlineData("timezone", "", "unknown or invalid IANA Time Zone ID: ")]
    [InlineData("warmup.scalarField", "always", "invalid warmup value for key warmup.scalarField: invalid warmup policy: always, must be 'disable', 'sync' or 'async'")]
    [InlineData("query_mode", "fast", "invalid query_mode value \"fast\", valid values: [large_topk]")]
    [InlineData("namespace.sharding.enabled", "perhaps", "invalid namespace.sharding.enabled value \"perhaps\", valid values: [true,false]")]
    public void Values_of_properties_are_checked(string key, string value, string text) =>
        new World().Refuses(new CreateCollection("", "c", Simple) { Properties = Properties((key, value)) }, text);

    [Theory]
    [InlineData("database.replica.number", "-1", "invalid database.replica.number value: -1")]
    [InlineData("database.max.collections", "many", "invalid database.max.collections value: many")]
    [InlineData("database.force.deny.writing", "1", "invalid database.force.deny.writing value: 1")]
    [InlineData("timezone", "Europe/Atlantis", "unknown or invalid IANA Time Zone ID: Europe/Atlantis")]
    public void Values_of_database_properties_are_checked(string key, string value, string text) => new World().Refuses(new CreateDatabase("d") { Properties = Properties((key, value)) }, text);

    [Fact]
    public void A_partition_key_keeps_partitions_to_itself()
    {
        var world = new World();
        world.Create("k", Of(Key, Vector("v"), Field("p", DataType.Int64) with { IsPartitionKey = true }));
        world.Do(new CreateIndex("", "k", "v"));
        Assert.Equal(16, world.Collection("k").Partitions.Length);
        Assert.Equal(("_default_0", "_default_15"), (world.Collection("k").Partitions[0].Name, world.Collection("k").Partitions[^1].Name));
        world.Refuses(new LoadPartitions("", "k", ["_default_0"]), "if partition key mode is used");
        world.Refuses(new ReleasePartitions("", "k", ["_default_0"]), "if partition key mode is used");
        world.Refuses(new AlterCollection("", "k") { SetProperties = Properties(("partitionkey.isolation", "true")) }, "can not alter partition key isolation mode if the collection already has a vector index");
    }

    [Fact]
    public void Functions_change_in_parameters_only()
    {
        var world = new World();
        world.Create("c", With(Embedding));
        AlterFunction Alter(FunctionSchema function, string name = "e") => new("", "c", name, function);
        world.Refuses(Alter(Embedding, "none"), "function none not found");
        world.Refuses(Alter(Embedding with { Name = "other" }), "invalid function config, name not match");
        world.Refuses(Alter(Embedding with { Type = FunctionType.BM25 }), "the type of function e cannot be changed");
        world.Refuses(Alter(Embedding with { InputFields = ["id"] }), "the input and output fields of function e cannot be changed");
        world.Refuses(Alter(Embedding with { OutputFields = ["sp"] }), "the input and output fields of function e cannot be changed");
        world.Refuses(Alter(Embedding with { Params = [] }), "the text embedding service provider parameter is not set");
        world.Refuses(new AddFunction("", "c", Embedding), "duplicate function name: e");
        world.Refuses(new AddFunction("", "c", Bm25 with { Name = "g", OutputFields = ["n"] }) { Outputs = [Sparse("n") with { Nullable = true }] }, "function output field cannot be nullable: function g, field n");
        world.Refuses(new AddFunction("", "c", Bm25 with { Name = "g", OutputFields = ["n"] }) { Outputs = [Sparse("other")] }, "field other is no output field of function g");
        world.Refuses(new DropField("", "c", "t"), "field t belongs to function e, drop the function first");
        world.Refuses(new DropField("", "c", "id"), "primary key field cannot be dropped");
        world.Do(Alter(Embedding with { Params = [new("provider", "openai"), new("url", "http://elsewhere")] }));
    }

    private static FunctionSchema Bm25 => new() { Name = "f", Type = FunctionType.BM25, InputFields = ["t"], OutputFields = ["sp"] };

    private static FunctionSchema Embedding => new() { Name = "e", Type = FunctionType.TextEmbedding, InputFields = ["t"], OutputFields = ["emb"], Params = [new("provider", "openai")] };

    private static FunctionSchema MinHash(params (string Key, string Value)[] parameters) =>
        new() { Name = "m", Type = FunctionType.MinHash, InputFields = ["t"], OutputFields = ["sig"], Params = [.. parameters.Select(p => new Property(p.Key, p.Value))] };

    private static CollectionSchema With(FunctionSchema function, params ImmutableArray<FieldSchema> more) => new([Key, Text, Sparse("sp"), Vector("emb"), .. more], [function]);

    private static FieldSchema Analyzed(params (string, string)[] more) => Field("s", DataType.VarChar, [("max_length", "9"), ("enable_analyzer", "true"), .. more]);

    private static StructFieldSchema Struct(IEnumerable<FieldSchema> fields) => new() { Name = "s", Fields = [.. fields] };

    private static CollectionSchema WithStruct(params ImmutableArray<FieldSchema> fields) => new([Key, Vector("v")], [], [Struct(fields)]);

    private static FieldSchema Sub(string name, DataType element) => Field(name, DataType.Array, ("max_capacity", "4")) with { ElementType = element };

    private static FieldSchema Vectors(string name, int dimension = 8) => Field(name, DataType.ArrayOfVector, ("max_capacity", "4"), ("dim", $"{dimension}")) with { ElementType = DataType.FloatVector };

    private static void Refused(ErrorCode code, string text, CollectionSchema schema)
    {
        var error = Assert.Throws<MilvusException>(() => SchemaRules.Complete("c", schema));
        Assert.Contains(text, error.Message, StringComparison.Ordinal);
        Assert.Equal(code, error.Code);
        Assert.True(error.IsInputError);
    }
}
