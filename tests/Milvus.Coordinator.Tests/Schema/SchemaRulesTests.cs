using System.Collections.Immutable;
using Milvus.Coordinator.Schema;
using Milvus.Model;
using static Milvus.Coordinator.Tests.Schemas;

namespace Milvus.Coordinator.Tests.Schema;

public class SchemaRulesTests
{
    private const string Multi = "{\"analyzers\":{\"default\":{\"type\":\"standard\"}},\"by_field\":\"lang\"}";

    // Every case is a schema with one thing wrong.
    private static readonly Dictionary<string, (CollectionSchema Schema, ErrorCode Code, string Text)> Cases = new()
    {
        ["no primary key"] = (Of(Vector("v")), ErrorCode.InvalidParameter, "primary key is not specified"),
        ["two primary keys"] = (Of(Key, Key with { Name = "id2" }, Vector("v")), ErrorCode.InvalidParameter, "there are more than one primary key, field name = id, id2"),
        ["float key"] = (Of(Field("id", DataType.Float) with { IsPrimaryKey = true }, Vector("v")), ErrorCode.InvalidParameter, "the data type of primary key should be Int64 or VarChar"),
        ["nullable key"] = (Of(Key with { Nullable = true }, Vector("v")), ErrorCode.InvalidParameter, "primary field not support null"),
        ["key with default"] = (Of(Key with { Default = new Literal.Int(1) }, Vector("v")), ErrorCode.InvalidParameter, "primary field not support default_value"),
        ["autoID elsewhere"] = (Of(Key, Field("a", DataType.Int64) with { AutoId = true }, Vector("v")), ErrorCode.InvalidParameter, "only primary field can speficy AutoID with true, field name = a"),
        ["no vector"] = (Of(Key), ErrorCode.InvalidParameter, "schema does not contain vector field"),
        ["duplicate name"] = (Of(Key, Vector("v"), Field("v", DataType.Bool)), ErrorCode.InvalidParameter, "duplicated field name v found"),
        ["too many fields"] = (Of([Key, Vector("v"), .. Enumerable.Range(0, 63).Select(i => Field($"f{i}", DataType.Int8))]), ErrorCode.InvalidParameter, "maximum field's number should be limited to 64"),
        ["too many vectors"] = (Of([Key, .. Enumerable.Range(0, 11).Select(i => Vector($"v{i}"))]), ErrorCode.InvalidParameter, "maximum vector field's number should be limited to 10"),
        ["system field"] = (Of(Key, Vector("v"), Field("RowID", DataType.Int64)), ErrorCode.FieldNameInvalid, "field name \"RowID\" is reserved for internal use and cannot be used in user schemas: field name invalid[field=RowID]"),
        ["two automatic ids"] = (Of(Key with { AutoId = true }, Field("a", DataType.Int64) with { AutoId = true }, Vector("v")), ErrorCode.InvalidParameter, "only one field can speficy AutoID with true, field name = id, a"),
        ["key of no type without vector"] = (Of(Field("id", DataType.None) with { IsPrimaryKey = true }), ErrorCode.InvalidParameter, "schema does not contain vector field"),
        ["key of no type"] = (Of(Field("", DataType.None) with { IsPrimaryKey = true }, Vector("v")), ErrorCode.InvalidParameter, "the data type of primary key should be Int64 or VarChar"),
        ["partition key of arrays"] = (Of(Key, Field("p", DataType.Array) with { ElementType = DataType.Int64, IsPartitionKey = true }, Vector("v")), ErrorCode.InvalidParameter, "the data type of partition key should be Int64 or VarChar"),
        ["digit first"] = (Of(Key, Vector("1v")), ErrorCode.FieldNameInvalid, "Invalid field name: 1v. The first character of a field name must be an underscore or letter.: field name invalid[field=1v]"),
        ["odd character"] = (Of(Key, Vector("v-1")), ErrorCode.FieldNameInvalid, "Field name can only contain numbers, letters, and underscores."),
        ["empty name"] = (Of(Key, Vector("")), ErrorCode.FieldNameInvalid, "field name should not be empty"),
        ["long name"] = (Of(Key, Vector(new string('x', 256))), ErrorCode.FieldNameInvalid, "The length of a field name must be less than 255 characters."),
        ["keyword"] = (Of(Key, Vector("v"), Field("LIKE", DataType.Int64)), ErrorCode.FieldNameInvalid, "LIKE is keyword in milvus."),
        ["null in any casing"] = (Of(Key, Vector("v"), Field("nUlL", DataType.Int64)), ErrorCode.FieldNameInvalid, "nUlL is keyword"),
        ["dynamic name"] = (Of(Key, Vector("v"), Field("$meta", DataType.Json)), ErrorCode.FieldNameInvalid, "$meta"),
        ["dynamic flag"] = (Of(Key, Vector("v"), Field("m", DataType.Json) with { IsDynamic = true }), ErrorCode.InvalidParameter, "cannot explicitly set a field as a dynamic field"),
        ["string"] = (Of(Key, Vector("v"), Field("s", DataType.String)), ErrorCode.InvalidParameter, "string data type not supported yet, please use VarChar type instead"),
        ["no type"] = (Of(Key, Vector("v"), Field("s", DataType.None)), ErrorCode.InvalidParameter, "data type None is not valid"),
        ["default that is no geometry"] = (Of(Key, Vector("v"), Field("g", DataType.Geometry) with { Default = new Literal.Text("POINT (1") }), ErrorCode.InvalidParameter, "invalid default value of field (g)"),
        ["number as timestamp text"] = (Of(Key, Vector("v"), Field("g", DataType.Timestamptz) with { Default = new Literal.Text("2025") }), ErrorCode.InvalidParameter, "type (Timestamptz) of field (g) is not equal to the type(DataType_VarChar) of default_value"),
        ["array of vectors alone"] = (Of(Key, Vector("v"), Field("a", DataType.ArrayOfVector)), ErrorCode.InvalidParameter, "array of vector can only be in the struct array field"),
        ["struct alone"] = (Of(Key, Vector("v"), Field("a", DataType.ArrayOfStruct)), ErrorCode.InvalidParameter, "field data type: ArrayOfStruct is not supported here"),
        ["struct of nothing"] = (WithStruct(), ErrorCode.InvalidParameter, "struct array field s has no sub-fields"),
        ["struct of scalars"] = (WithStruct(Field("a", DataType.Int64)), ErrorCode.InvalidParameter, "Fields in StructArrayField can only be array or array of vector, but field a is Int64"),
        ["struct with odd name"] = (WithStruct(Sub("a-b", DataType.Int64)), ErrorCode.FieldNameInvalid, "Invalid field name: a-b"),
        ["struct twice the same"] = (WithStruct(Sub("a", DataType.Int64), Sub("a", DataType.Bool)), ErrorCode.InvalidParameter, "duplicated field name a found"),
        ["struct named as a field"] = (new CollectionSchema([Key, Vector("v")], [], [Struct("v", Sub("a", DataType.Int64))]), ErrorCode.InvalidParameter, "duplicated field name v found"),
        ["struct with nullable sub"] = (WithStruct(Sub("a", DataType.Int64) with { Nullable = true }), ErrorCode.InvalidParameter, "sub-field in non-nullable struct cannot be nullable individually, set nullable on the struct instead: structName=s, subFieldName=a"),
        ["struct with key"] = (WithStruct(Sub("a", DataType.Int64) with { IsPrimaryKey = true }), ErrorCode.InvalidParameter, "fields in struct array can not be primary key"),
        ["struct with default"] = (WithStruct(Sub("a", DataType.Int64) with { Default = new Literal.Int(1) }), ErrorCode.InvalidParameter, "default value is not supported for fields in struct array"),
        ["struct of json"] = (WithStruct(Sub("a", DataType.Json)), ErrorCode.InvalidParameter, "element type JSON is not supported"),
        ["struct of arrays"] = (WithStruct(Sub("a", DataType.Array)), ErrorCode.InvalidParameter, "Nested array is not supported a"),
        ["struct of vectors in array"] = (WithStruct(Sub("a", DataType.FloatVector)), ErrorCode.InvalidParameter, "element type of array field a is a vector type"),
        ["struct of scalars in vectors"] = (WithStruct(Sub("a", DataType.Int64) with { Type = DataType.ArrayOfVector }), ErrorCode.InvalidParameter, "element type of array field a is not a vector type"),
        ["struct of sparse vectors"] = (WithStruct(Sub("a", DataType.SparseFloatVector) with { Type = DataType.ArrayOfVector }), ErrorCode.InvalidParameter, "Unsupported element type SparseFloatVector of ArrayOfVector field a, only fixed dimension vector types are supported"),
        ["struct without capacity"] = (WithStruct(Sub("a", DataType.Int64) with { TypeParams = [] }), ErrorCode.InvalidParameter, "type param(max_capacity) should be specified"),
        ["struct of two capacities"] = (WithStruct(Sub("a", DataType.Int64), Sub("b", DataType.Int64) with { TypeParams = [new("max_capacity", "5")] }), ErrorCode.InvalidParameter, "inconsistent max_capacity"),
        ["struct of text without length"] = (WithStruct(Sub("a", DataType.VarChar)), ErrorCode.InvalidParameter, "type param(max_length) should be specified"),
        ["struct of vectors without dim"] = (WithStruct(Sub("a", DataType.FloatVector) with { Type = DataType.ArrayOfVector }), ErrorCode.InvalidParameter, "dimension is not defined"),
        ["varchar without length"] = (Of(Key, Vector("v"), Field("s", DataType.VarChar)), ErrorCode.InvalidParameter, "type param(max_length) should be specified for the field(s) of collection c"),
        ["varchar length text"] = (Of(Key, Vector("v"), Field("s", DataType.VarChar, ("max_length", "x"))), ErrorCode.InvalidParameter, "the value for max_length of field s must be an integer"),
        ["varchar length zero"] = (Of(Key, Vector("v"), VarChar("s", 0)), ErrorCode.InvalidParameter, "the maximum length specified for the field(s) should be in (0, 65535], but got 0 instead: invalid parameter"),
        ["varchar too long"] = (Of(Key, Vector("v"), VarChar("s", 65536)), ErrorCode.InvalidParameter, "but got 65536 instead"),
        ["array of nothing"] = (Of(Key, Vector("v"), Field("a", DataType.Array, ("max_capacity", "4"))), ErrorCode.InvalidParameter, "element data type None is not valid"),
        ["array of arrays"] = (Of(Key, Vector("v"), Field("a", DataType.Array, ("max_capacity", "4")) with { ElementType = DataType.Array }), ErrorCode.InvalidParameter, "element type Array is not supported"),
        ["array without capacity"] = (Of(Key, Vector("v"), Field("a", DataType.Array) with { ElementType = DataType.Int8 }), ErrorCode.InvalidParameter, "type param(max_capacity) should be specified for array field a of collection c"),
        ["array too large"] = (Of(Key, Vector("v"), Field("a", DataType.Array, ("max_capacity", "4097")) with { ElementType = DataType.Int8 }), ErrorCode.InvalidParameter, "the maximum capacity specified for a Array should be in (0, 4096]"),
        ["array of text without length"] = (Of(Key, Vector("v"), Field("a", DataType.Array, ("max_capacity", "4")) with { ElementType = DataType.VarChar }), ErrorCode.InvalidParameter, "type param(max_length) should be specified"),
        ["no dim"] = (Of(Key, Field("v", DataType.FloatVector)), ErrorCode.InvalidParameter, "check type param `dim` for vector field"),
        ["dim text"] = (Of(Key, Field("v", DataType.FloatVector, ("dim", "ten"))), ErrorCode.InvalidParameter, "invalid dimension: ten of field v"),
        ["dim 1"] = (Of(Key, Vector("v", 1)), ErrorCode.InvalidParameter, "invalid dimension: 1. should be in range 2 ~ 32768"),
        ["dim 32769"] = (Of(Key, Vector("v", 32769, DataType.Float16Vector)), ErrorCode.InvalidParameter, "should be in range 2 ~ 32768"),
        ["binary dim 12"] = (Of(Key, Vector("v", 12, DataType.BinaryVector)), ErrorCode.InvalidParameter, "invalid dimension: 12 of field v. binary vector dimension should be multiple of 8. "),
        ["binary dim 0"] = (Of(Key, Vector("v", 0, DataType.BinaryVector)), ErrorCode.InvalidParameter, "invalid dimension: 0. should be in range 2 ~ 32768"),
        ["sparse dim"] = (Of(Key, Vector("v", 8, DataType.SparseFloatVector)), ErrorCode.InvalidParameter, "dim should not be specified for sparse vector field v"),
        ["two partition keys"] = (Of(Key, Vector("v"), Field("a", DataType.Int64) with { IsPartitionKey = true }, Field("b", DataType.Int64) with { IsPartitionKey = true }), ErrorCode.InvalidParameter, "there are more than one partition key, field name = a, b"),
        ["float partition key"] = (Of(Key, Vector("v"), Field("a", DataType.Float) with { IsPartitionKey = true }), ErrorCode.InvalidParameter, "the data type of partition key should be Int64 or VarChar"),
        ["primary partition key"] = (Of(Key with { IsPartitionKey = true }, Vector("v")), ErrorCode.InvalidParameter, "the partition key field must not be primary field"),
        ["nullable partition key"] = (Of(Key, Vector("v"), Field("a", DataType.Int64) with { IsPartitionKey = true, Nullable = true }), ErrorCode.InvalidParameter, "partition key field not support nullable"),
        ["two clustering keys"] = (Of(Key, Vector("v"), Field("a", DataType.Int64) with { IsClusteringKey = true }, Field("b", DataType.Int64) with { IsClusteringKey = true }), ErrorCode.IllegalCollectionSchema, "there are more than one clustering key, field name = a, b: illegal collection schema[collection=c]"),
        ["bool clustering key"] = (Of(Key, Vector("v"), Field("a", DataType.Bool) with { IsClusteringKey = true }), ErrorCode.IllegalCollectionSchema, "the data type of clustering key"),
        ["vector clustering key"] = (Of(Key, Vector("v") with { IsClusteringKey = true }), ErrorCode.VectorClusteringKeyNotAllowed, "vector clustering key not allowed[collection=c]"),
        ["default for json"] = (Of(Key, Vector("v"), Field("j", DataType.Json) with { Default = new Literal.Text("{}") }), ErrorCode.InvalidParameter, "type not support default_value, type:JSON, name:j"),
        ["default for vector"] = (Of(Key, Vector("v") with { Default = new Literal.Text("") }), ErrorCode.InvalidParameter, "type not support default_value, type:FloatVector, name:v"),
        ["default of another type"] = (Of(Key, Vector("v"), Field("i", DataType.Int32) with { Default = new Literal.Text("x") }), ErrorCode.InvalidParameter, "type (Int32) of field (i) is not equal to the type(DataType_VarChar) of default_value"),
        ["default out of range"] = (Of(Key, Vector("v"), Field("i", DataType.Int8) with { Default = new Literal.Int(128) }), ErrorCode.InvalidParameter, "invalid parameter[128 out of range -128 <= value <= 127]"),
        ["default not finite"] = (Of(Key, Vector("v"), Field("d", DataType.Double) with { Default = new Literal.Float(double.NaN) }), ErrorCode.InvalidParameter, "is not a number or infinity"),
        ["default too long"] = (Of(Key, Vector("v"), VarChar("s", 3) with { Default = new Literal.Text("äö") }), ErrorCode.InvalidParameter, "the length (4) of string exceeds max length (3): invalid parameter[expected=valid length string][actual=string length exceeds max length]"),
        ["match without analyzer"] = (Of(Key, Vector("v"), Field("s", DataType.VarChar, ("max_length", "9"), ("enable_match", "true"))), ErrorCode.InvalidParameter, "field s which has enable_match or is input of BM25 function must also enable_analyzer"),
        ["analyzer on int"] = (Of(Key, Vector("v"), Field("s", DataType.Int64, ("enable_analyzer", "true"))), ErrorCode.InvalidParameter, "only supported on VarChar fields"),
        ["broken analyzer"] = (Of(Key, Vector("v"), Analyzed(("analyzer_params", "{\"tokenizer\":\"nope\"}"))), ErrorCode.InvalidParameter, "nope"),
        ["two ways to analyze"] = (Of(Key, Vector("v"), Analyzed(("analyzer_params", "{}"), ("multi_analyzer_params", Multi))), ErrorCode.InvalidParameter, "analyzer params should be none if has multi analyzer params"),
        ["multi analyzer and match"] = (Of(Key, Vector("v"), Analyzed(("enable_match", "true"), ("multi_analyzer_params", Multi))), ErrorCode.InvalidParameter, "multi analyzer now only support for bm25"),
        ["multi analyzer by nothing"] = (Of(Key, Vector("v"), Analyzed(("multi_analyzer_params", Multi))), ErrorCode.InvalidParameter, "depends on field lang, which is not a VarChar field"),
        ["mmap not boolean"] = (Of(Key, Vector("v"), Field("s", DataType.Int64, ("mmap.enabled", "maybe"))), ErrorCode.InvalidParameter, "invalid mmap.enabled value of field s: maybe"),
        ["key skips load"] = (Of(Key with { TypeParams = [new("field.skipLoad", "true")] }, Vector("v")), ErrorCode.InvalidParameter, "cannot skip loading"),
        ["all vectors skip load"] = (Of(Key, Field("v", DataType.FloatVector, ("dim", "4"), ("field.skipLoad", "true"))), ErrorCode.InvalidParameter, "at least one vector field must be loaded"),
        ["long description"] = (new CollectionSchema([Key, Vector("v")], description: new string('x', 1025)), ErrorCode.InvalidParameter, "collection description"),
    };

    private static CollectionSchema WithStruct(params ImmutableArray<FieldSchema> fields) => new([Key, Vector("v")], [], [Struct("s", fields)]);

    private static StructFieldSchema Struct(string name, params ImmutableArray<FieldSchema> fields) => new() { Name = name, Fields = fields };

    private static FieldSchema Sub(string name, DataType element) => Field(name, DataType.Array, ("max_capacity", "4")) with { ElementType = element };

    public static TheoryData<string> CaseNames => new(Cases.Keys);

    [Theory]
    [MemberData(nameof(CaseNames))]
    public void A_schema_with_a_fault_is_refused(string name)
    {
        var (schema, code, text) = Cases[name];
        var error = Assert.Throws<MilvusException>(() => SchemaRules.Complete("c", schema));
        Assert.Contains(text, error.Message, StringComparison.Ordinal);
        Assert.Equal(code, error.Code);
        Assert.True(error.IsInputError);
    }

    [Fact]
    public void Ids_start_at_100_and_the_dynamic_field_comes_last()
    {
        var draft = new CollectionSchema([Key, Vector("v"), VarChar("s")], enableDynamicField: true);
        var schema = SchemaRules.Complete("c", draft);
        Assert.Equal(["id:100", "v:101", "s:102", "$meta:103"], schema.Fields.Select(f => $"{f.Name}:{f.Id}"));
        var dynamic = schema.DynamicField!;
        Assert.True(dynamic is { Type: DataType.Json, Nullable: true, IsDynamic: true });
        Assert.Equal(new Literal.Text("{}"), dynamic.Default);
        Assert.Null(SchemaRules.Complete("c", Simple).DynamicField);
    }

    [Fact]
    public void Structs_become_fields_named_by_both()
    {
        var draft = new CollectionSchema(
            [Key, Vector("v")],
            [],
            [
                Struct("s", Sub("a", DataType.Int64), Sub("w", DataType.FloatVector) with { Type = DataType.ArrayOfVector, TypeParams = [new("dim", "8")] }) with { Nullable = true, TypeParams = [new("max_capacity", "4")] },
                Struct("t", Sub("a", DataType.Bool)),
            ],
            enableDynamicField: true);
        var schema = SchemaRules.Complete("c", draft);
        Assert.Equal(["id:100", "v:101", "s[a]:103", "s[w]:104", "t[a]:106", "$meta:107"], schema.Fields.Select(f => $"{f.Name}:{f.Id}"));
        Assert.Equal([102L, 105L], schema.StructFields.Select(s => s.Id));
        Assert.Equal([true, true, false], schema.Fields.Where(f => f.Type.IsList()).Select(f => f.Nullable));
        Assert.All(schema.Fields.Where(f => f.Type.IsList()), f => Assert.Equal(4, f.MaxCapacity));
        Assert.Equal(["s[a]", "s[w]"], schema.FieldsOf(schema.FindStruct("s")!).Select(f => f.Name));
        Assert.Equal("t", schema.ParentOf(schema.Find("t[a]")!)!.Name);
        Assert.True(SchemaRules.AreEqual(schema, SchemaRules.Complete("c", draft)));

        var more = SchemaRules.Add("c", schema, Struct("u", Sub("x", DataType.Double)) with { Nullable = true });
        Assert.Equal(("u[x]", 109L, 108L, 1), (more.Fields[^1].Name, more.Fields[^1].Id, more.StructFields[^1].Id, more.Version));
        Assert.False(SchemaRules.AreEqual(schema, more));
        Assert.Contains("added struct field must be nullable", Assert.Throws<MilvusException>(() => SchemaRules.Add("c", schema, Struct("u", Sub("x", DataType.Double)))).Message);
        Assert.Contains("duplicated field name s: invalid parameter", Assert.Throws<MilvusException>(() => SchemaRules.Add("c", schema, Struct("s", Sub("x", DataType.Double)) with { Nullable = true })).Message);
        foreach (var added in new[] { Struct("RowID", Sub("x", DataType.Int64)), Struct("n", Sub("Timestamp", DataType.Int64)) })
        {
            Assert.Contains(
                "not support to add system field, field name = ", Assert.Throws<MilvusException>(() => SchemaRules.Add("c", schema, added with { Nullable = true })).Message, StringComparison.Ordinal);
        }
        Assert.Contains("duplicated field name s: invalid parameter", Assert.Throws<MilvusException>(() => SchemaRules.Add("c", schema, Field("s", DataType.Int64) with { Nullable = true })).Message);
    }

    [Fact]
    public void Every_stored_type_is_accepted()
    {
        ImmutableArray<DataType> plain = [DataType.Bool, DataType.Int8, DataType.Int16, DataType.Int32, DataType.Int64, DataType.Float, DataType.Double, DataType.Json, DataType.Geometry, DataType.Timestamptz, DataType.Text];
        ImmutableArray<DataType> dense = [DataType.FloatVector, DataType.Float16Vector, DataType.BFloat16Vector, DataType.Int8Vector, DataType.BinaryVector];
        ImmutableArray<DataType> elements = [DataType.Bool, DataType.Int8, DataType.Int16, DataType.Int32, DataType.Int64, DataType.Float, DataType.Double, DataType.VarChar];
        var schema = SchemaRules.Complete("c", Of(
        [
            Key, .. plain.Select(t => Field($"f{t}", t) with { Nullable = true }), .. dense.Select(t => Vector($"f{t}", 8, t) with { Nullable = true }), Sparse("sparse"),
            .. elements.Select(t => Field($"a{t}", DataType.Array, ("max_capacity", "4096"), ("max_length", "65535")) with { ElementType = t }),
            VarChar("s", 65535) with { Default = new Literal.Text("x"), IsClusteringKey = true },
        ]));
        Assert.Equal(1 + plain.Length + dense.Length + 1 + elements.Length + 1, schema.Fields.Length);
    }

    [Fact]
    public void Values_at_the_limits_are_accepted()
    {
        foreach (var (type, dim) in new[] { (DataType.FloatVector, 2), (DataType.FloatVector, 32768), (DataType.BinaryVector, 8), (DataType.BinaryVector, 262144) })
            SchemaRules.Complete("c", Of(Key, Vector("v", dim, type)));
        SchemaRules.Complete("c", Of([Key, .. Enumerable.Range(0, 10).Select(i => Vector($"v{i}")), .. Enumerable.Range(0, 53).Select(i => Field($"f{i}", DataType.Int8))]));
        SchemaRules.Complete("c", Of(Key, Vector(new string('x', 255))));
        SchemaRules.Complete("c", Of(Key, Vector("v"), Field("i", DataType.Int8) with { Default = new Literal.Int(-128) }));
    }

    private static CollectionSchema WithFunction(Func<FunctionSchema, FunctionSchema> change, params ImmutableArray<FieldSchema> more) => new(
        [Key, Field("t", DataType.VarChar, ("max_length", "99"), ("enable_analyzer", "true")), Sparse("sp"), .. more],
        [change(new FunctionSchema { Name = "bm", Type = FunctionType.BM25, InputFields = ["t"], OutputFields = ["sp"] })]);

    private static CollectionSchema WithMinHash(params (string Key, string Value)[] parameters) =>
        WithFunction(f => f with { Type = FunctionType.MinHash, OutputFields = ["sig"], Params = [.. parameters.Select(p => new Property(p.Key, p.Value))] }, Vector("sig", 32, DataType.BinaryVector));

    private static FieldSchema Analyzed(params (string, string)[] more) => Field("s", DataType.VarChar, [("max_length", "9"), ("enable_analyzer", "true"), .. more]);

    [Fact]
    public void A_multi_analyzer_chooses_by_a_text_field() => SchemaRules.Complete("c", Of(Key, Vector("v"), VarChar("lang"), Analyzed(("multi_analyzer_params", Multi))));

    [Fact]
    public void A_BM25_function_marks_its_output()
    {
        var schema = SchemaRules.Complete("c", WithFunction(f => f));
        Assert.Equal(100, schema.Functions[0].Id);
        Assert.True(schema.Find("sp")!.IsFunctionOutput);
        Assert.False(schema.Find("t")!.IsFunctionOutput);
    }

    private static readonly Dictionary<string, (CollectionSchema Schema, string Text)> FunctionCases = new()
    {
        ["embedding"] = (WithFunction(f => f with { Type = FunctionType.TextEmbedding }), "TextEmbedding function output field must be a"),
        ["minhash of another length"] = (
            WithMinHash(("num_hashes", "2")), "minhash function output field 'sig' dim 32 does not match expected dim 64 (numHashes 2 * one minhash signature size of 32bit)"),
        ["minhash by another hash"] = (WithMinHash(("hash_function", "md5")), "unknown hash function: md5 (expected 'xxhash64' or 'sha1')"),
        ["minhash of other tokens"] = (WithMinHash(("token_level", "line")), "unknown token_level: line (expected 'char' or 'word')"),
        ["minhash"] = (WithFunction(f => f with { Type = FunctionType.MinHash }), "MinHash function output field must be a"),
        ["unknown type"] = (WithFunction(f => f with { Type = FunctionType.Unknown }), "unknown function type"),
        ["no input"] = (WithFunction(f => f with { InputFields = [] }), "function input field names cannot be empty"),
        ["missing input"] = (WithFunction(f => f with { InputFields = ["x"] }), "function input field not found: x"),
        ["missing output"] = (WithFunction(f => f with { OutputFields = ["x"] }), "function output field not found: x"),
        ["input no text"] = (WithFunction(f => f with { InputFields = ["id"] }), "BM25 function input field must be a VARCHAR/TEXT field, got 1 field with type Int64"),
        ["output dense"] = (WithFunction(f => f with { OutputFields = ["v"] }, Vector("v")), "BM25 function output field must be a SparseFloatVector field, but got FloatVector"),
        ["output primary"] = (WithFunction(f => f with { OutputFields = ["id"] }), "function output field cannot be primary key"),
        ["output nullable"] = (WithFunction(f => f with { OutputFields = ["n"] }, Sparse("n") with { Nullable = true }), "function output field cannot be nullable"),
        ["params"] = (WithFunction(f => f with { Params = [new("k1", "1")] }), "BM25 function accepts no params"),
        ["input without analyzer"] = (WithFunction(f => f with { InputFields = ["plain"] }, VarChar("plain")), "BM25 function input field must set enable_analyzer to true"),
        ["two outputs"] = (WithFunction(f => f with { OutputFields = ["sp", "sq"] }, Sparse("sq")), "BM25 function only need 1 output field, but got 2"),
    };

    public static TheoryData<string> FunctionCaseNames => new(FunctionCases.Keys);

    [Theory]
    [MemberData(nameof(FunctionCaseNames))]
    public void A_function_with_a_fault_is_refused(string name)
    {
        var (schema, text) = FunctionCases[name];
        Assert.Contains(text, Assert.Throws<MilvusException>(() => SchemaRules.Complete("c", schema)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_functions_share_neither_name_nor_output()
    {
        var schema = WithFunction(f => f);
        Assert.Contains("duplicate function name: bm", Assert.Throws<MilvusException>(() => SchemaRules.Complete("c", schema.With(functions: [schema.Functions[0], schema.Functions[0]]))).Message, StringComparison.Ordinal);
        var second = schema.Functions[0] with { Name = "bm2" };
        Assert.Contains("duplicate function output field", Assert.Throws<MilvusException>(() => SchemaRules.Complete("c", schema.With(functions: [schema.Functions[0], second]))).Message, StringComparison.Ordinal);
    }
}
