using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Milvus.Coordinator.Names;
using Milvus.Model;

namespace Milvus.Api.Rest.Endpoints;

/// <summary>An index to create together with a collection.</summary>
internal sealed record IndexDraft(string Field, string Name, ImmutableArray<Property> Params);

/// <summary>What a create request comes to.</summary>
internal sealed record CollectionDraft
{
    public required CollectionSchema Schema { get; init; }

    public int Shards { get; init; }

    public long Partitions { get; init; }

    public ConsistencyLevel Consistency { get; init; } = ConsistencyLevel.Bounded;

    public ImmutableArray<Property> Properties { get; init; } = [];

    public ImmutableArray<IndexDraft> Indexes { get; init; } = [];

    public bool LoadAfterwards { get; init; }
}

/// <summary>Reads collection, field, function and index objects; writes default values.</summary>
internal static class SchemaJson
{
    private const string TtlKey = "collection.ttl.seconds";

    public static CollectionDraft ReadCollection(RestCall call)
    {
        var schema = CustomSchema(call);
        call.Object("params");
        foreach (var name in new[] { "externalSource", "externalSpec" })
            if (call.Text(name).Length > 0)
                throw MilvusException.InvalidParameter("externalSource and externalSpec must be set under schema when creating an external collection", "schema.externalSource/schema.externalSpec", "top-level externalSource/externalSpec");
        if (schema is null && call.Object("schema") is { } bare && (RestCall.Text(bare, "externalSource").Length > 0 || RestCall.Text(bare, "externalSpec").Length > 0))
            throw MilvusException.InvalidParameter("external collection is not supported by quick create; provide schema.fields with externalField", "schema.fields", "empty schema fields");
        var draft = schema is { } given ? ReadCustom(call, given) : ReadQuick(call);
        return draft with
        {
            Shards = (int)Number(call, "shardsNum", 1),
            // Means something only with a partition key.
            Partitions = draft.Schema.PartitionKey is null ? 0 : Number(call, "partitionsNum", 0),
            Consistency = ReadConsistency(call),
            Properties = ReadProperties(call),
        };
    }

    /// <summary>True when a collection is made together with indexes, and then loaded.</summary>
    public static bool MakesIndexes(RestCall call) => CustomSchema(call) is null || call.List("indexParams") is { } list && list.GetArrayLength() > 0;

    /// <summary>Null for a collection of a key and a vector.</summary>
    private static JsonElement? CustomSchema(RestCall call) =>
        call.Object("schema") is { } given && RestCall.List(given, "fields") is { } fields && fields.GetArrayLength() > 0 ? given : null;

    public static FieldSchema ReadField(JsonElement field, bool autoId, bool keepDescription)
    {
        if (field.ValueKind != JsonValueKind.Object) throw RestCall.WrongType("fields", "FieldSchema", field);
        var name = RestCall.Text(field, "fieldName");
        if (name.Length == 0) throw RestFailure.Missing("CollectionReq.Schema.Fields", "fieldName");
        var type = ReadType(RestCall.Text(field, "dataType"));
        var isPrimary = RestCall.Flag(field, "isPrimary");
        var elementText = RestCall.Text(field, "elementDataType");
        return new FieldSchema
        {
            Name = name,
            Type = type,
            ElementType = elementText.Length > 0 ? ReadType(elementText) : DataType.None,
            IsPrimaryKey = isPrimary,
            AutoId = isPrimary && autoId,
            IsPartitionKey = RestCall.Flag(field, "isPartitionKey"),
            IsClusteringKey = RestCall.Flag(field, "isClusteringKey"),
            ExternalField = RestCall.Text(field, "externalField"),
            Nullable = RestCall.Flag(field, "nullable"),
            Description = keepDescription ? RestCall.Text(field, "description") : "",
            Default = ReadDefault(field, type),
            TypeParams = RestCall.Map(field, "elementTypeParams"),
        };
    }

    /// <summary>True of a field whose values are arrays of structs, by either of the two ways to say so.</summary>
    public static bool IsStruct(JsonElement field) =>
        RestCall.Text(field, "dataType") is "ArrayOfStruct" || RestCall.Text(field, "dataType") is "Array" && RestCall.Text(field, "elementDataType") is "Struct";

    /// <summary>A struct field that is to be added: its type parameters may stand where those of other fields stand, too; <c>typeParams</c> wins.</summary>
    public static StructFieldSchema ReadAddedStruct(JsonElement field)
    {
        if (!IsStruct(field))
            throw MilvusException.InvalidParameter($"StructArray field must use ArrayOfStruct or Array with Struct element, got dataType {RestCall.Text(field, "dataType")} and elementDataType {RestCall.Text(field, "elementDataType")}");
        var read = ReadStruct(field);
        return read with { TypeParams = [.. read.TypeParams, .. RestCall.Map(field, "elementTypeParams").Where(e => read.TypeParams.All(t => t.Key != e.Key))] };
    }

    public static StructFieldSchema ReadStruct(JsonElement field)
    {
        if (field.ValueKind != JsonValueKind.Object) throw RestCall.WrongType("structFields", "StructArrayFieldSchema", field);
        var name = RestCall.Text(field, "fieldName");
        if (name.Length == 0) throw RestFailure.Missing("CollectionReq.Schema.StructFields", "fieldName");
        if (RestCall.List(field, "fields") is not { } subs) throw RestFailure.Missing("CollectionReq.Schema.StructFields", "fields");
        return new StructFieldSchema
        {
            Name = name,
            Description = RestCall.Text(field, "description"),
            Nullable = RestCall.Flag(field, "nullable"),
            Fields = [.. subs.EnumerateArray().Select(s => ReadField(s, autoId: false, keepDescription: true))],
            TypeParams = RestCall.Map(field, "typeParams"),
        };
    }

    public static IndexDraft ReadIndex(JsonElement index)
    {
        if (index.ValueKind != JsonValueKind.Object) throw RestCall.WrongType("indexParams", "IndexParam", index);
        var field = RestCall.Text(index, "fieldName");
        if (field.Length == 0) throw RestFailure.Missing("IndexParamReq.IndexParams", "fieldName");
        var given = RestCall.Map(index, "params");
        var type = RestCall.Text(index, "indexType");
        if (type.Length == 0) type = given.FirstOrDefault(p => p.Key == "index_type").Value ?? "";
        var metric = RestCall.Text(index, "metricType");
        var all = ImmutableArray.CreateBuilder<Property>();
        all.Add(new Property("index_type", type.Length == 0 ? "AUTOINDEX" : type));
        if (metric.Length > 0) all.Add(new Property("metric_type", metric));
        else if (given.FirstOrDefault(p => p.Key == "metric_type").Value is { } nested) all.Add(new Property("metric_type", nested));
        // One JSON text, as SDKs send and expect it back.
        if (given.Any(p => p.Key is not ("index_type" or "metric_type")) && RestCall.Object(index, "params") is { } members) all.Add(new Property("params", Others(members)));
        return new IndexDraft(field, RestCall.Text(index, "indexName"), all.ToImmutable());
    }

    private static string Others(JsonElement parameters)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            foreach (var p in parameters.EnumerateObject())
                if (p.Name is not ("index_type" or "metric_type")) p.WriteTo(writer);
            writer.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>The raw shape that clients see: <c>{"Data":{"LongData":7}}</c>.</summary>
    public static void WriteDefault(Utf8JsonWriter w, DataType type, Literal value, TimeZoneInfo zone)
    {
        w.WriteStartObject("defaultValue");
        w.WriteStartObject("Data");
        switch (value)
        {
            case Literal.Bool b: w.WriteBoolean("BoolData", b.Value); break;
            case Literal.Int i when type is DataType.Timestamptz: w.WriteString("StringData", TimestampText.Format(i.Value, zone)); break;
            case Literal.Int i when type is DataType.Int64: w.WriteNumber("LongData", i.Value); break;
            case Literal.Int i when type.IsInteger(): w.WriteNumber("IntData", i.Value); break;
            case Literal.Int i: w.WriteNumber(type == DataType.Float ? "FloatData" : "DoubleData", i.Value); break;
            case Literal.Float f when type == DataType.Float: w.WriteNumber("FloatData", (float)f.Value); break;
            case Literal.Float f: w.WriteNumber("DoubleData", f.Value); break;
            default: w.WriteString("StringData", value.ToString()); break;
        }
        w.WriteEndObject();
        w.WriteEndObject();
    }

    private static CollectionDraft ReadCustom(RestCall call, JsonElement schema)
    {
        var autoId = RestCall.Flag(schema, "autoId") || RestCall.Flag(schema, "autoID");
        var fields = RestCall.List(schema, "fields")!.Value.EnumerateArray().Select(f => ReadField(f, autoId, keepDescription: false)).ToImmutableArray();
        ImmutableArray<StructFieldSchema> structs = RestCall.List(schema, "structFields") is { } given0 ? [.. given0.EnumerateArray().Select(s => ReadStruct(s))] : [];
        ImmutableArray<FunctionSchema> functions = RestCall.List(schema, "functions") is { } given ? [.. given.EnumerateArray().Select(ReadFunction)] : [];
        var outputs = functions.SelectMany(f => f.OutputFields).ToHashSet(StringComparer.Ordinal);
        fields = [.. fields.Select(f => outputs.Contains(f.Name) ? f with { IsFunctionOutput = true } : f)];
        ImmutableArray<IndexDraft> indexes = call.List("indexParams") is { } list ? [.. list.EnumerateArray().Select(ReadIndex)] : [];
        CheckIndexedFields(indexes, fields, structs);
        return new CollectionDraft
        {
            Schema = new CollectionSchema(fields, functions, structs, description: call.Text("description"), enableDynamicField: RestCall.Flag(schema, "enableDynamicField"),
                externalSource: RestCall.Text(schema, "externalSource"), externalSpec: RestCall.Text(schema, "externalSpec")),
            Indexes = indexes,
            LoadAfterwards = indexes.Length > 0,
        };
    }

    // Paths and keys of the dynamic field are no names here: such indexes are made afterwards.
    private static void CheckIndexedFields(ImmutableArray<IndexDraft> indexes, ImmutableArray<FieldSchema> fields, ImmutableArray<StructFieldSchema> structs)
    {
        if (indexes.IsEmpty) return;
        HashSet<string> names = [.. fields.Select(f => f.Name), .. structs.Select(s => s.Name), .. structs.SelectMany(s => s.Fields, (s, f) => s.FullName(f.Name))];
        foreach (var index in indexes)
            if (!names.Contains(index.Field)) throw new RestFailure(RestCodes.MissingParameter, $"missing required parameters, error: `{index.Field}` hasn't defined in schema");
    }

    private static CollectionDraft ReadQuick(RestCall call)
    {
        var vectorText = call.Text("vectorFieldType");
        var vectorType = vectorText.Length == 0 ? DataType.FloatVector : ReadType(vectorText);
        if (!vectorType.IsVector()) throw MilvusException.InvalidParameter($"vectorFieldType {vectorText} is not a vector type");
        var dimension = call.Number("dimension");
        if (vectorType != DataType.SparseFloatVector && dimension == 0)
            throw MilvusException.InvalidParameter($"dimension is required for quickly create collection(default metric type: {DefaultMetric(vectorType)})", "collectionName & dimension", "collectionName");
        if (vectorType == DataType.SparseFloatVector && dimension != 0)
            throw MilvusException.InvalidParameter("dimension should not be specified for sparse vector field");
        var idText = call.Text("idType");
        var idType = idText switch
        {
            "" or "Int64" or "int64" => DataType.Int64,
            "VarChar" or "Varchar" or "varchar" => DataType.VarChar,
            _ => throw MilvusException.InvalidParameter($"idType can only be [Int64, VarChar], but got {idText}"),
        };
        var maxLength = RestParam(call, "max_length");
        var key = new FieldSchema
        {
            Name = call.Text("primaryFieldName") is { Length: > 0 } p ? p : "id",
            Type = idType,
            IsPrimaryKey = true,
            AutoId = call.Flag("autoID") || call.Flag("autoId"),
            TypeParams = idType == DataType.VarChar && maxLength.Length > 0 ? [new Property("max_length", maxLength)] : [],
        };
        var vector = new FieldSchema
        {
            Name = call.Text("vectorFieldName") is { Length: > 0 } v ? v : "vector",
            Type = vectorType,
            TypeParams = dimension == 0 ? [] : [new Property("dim", dimension.ToString(CultureInfo.InvariantCulture))],
        };
        var dynamic = RestParam(call, "enableDynamicField");
        var metric = call.Text("metricType") is { Length: > 0 } m ? m : DefaultMetric(vectorType);
        CheckMetric(vectorType, metric);
        return new CollectionDraft
        {
            Schema = new CollectionSchema([key, vector], description: call.Text("description"), enableDynamicField: dynamic.Length == 0 || ParseFlag("enableDynamicField", dynamic)),
            Indexes = [new IndexDraft(vector.Name, vector.Name, [new Property("index_type", "AUTOINDEX"), new Property("metric_type", metric)])],
            LoadAfterwards = true,
        };
    }

    // Checked before the collection is made, so that a wrong metric leaves nothing behind.
    private static void CheckMetric(DataType type, string name)
    {
        var fits = MetricTypes.TryParse(name, out var metric) && type switch
        {
            DataType.SparseFloatVector => metric == MetricType.IP,
            DataType.BinaryVector => metric is MetricType.Hamming or MetricType.Jaccard or MetricType.Substructure or MetricType.Superstructure,
            _ => metric is MetricType.L2 or MetricType.IP or MetricType.Cosine,
        };
        if (!fits) throw MilvusException.InvalidParameter($"metric type {name} is not supported for vector type {type.Spelled()}");
    }

    public static FunctionSchema ReadFunction(JsonElement function)
    {
        if (function.ValueKind != JsonValueKind.Object) throw RestCall.WrongType("functions", "FunctionSchema", function);
        var name = RestCall.Text(function, "name");
        if (name.Length == 0) throw RestFailure.Missing("CollectionReq.Schema.Functions", "name");
        foreach (var list in new[] { "inputFieldNames", "outputFieldNames" })
            if (RestCall.List(function, list) is null) throw RestFailure.Missing("CollectionReq.Schema.Functions", list);
        var type = RestCall.Text(function, "type");
        if (type.Length == 0) throw RestFailure.Missing("CollectionReq.Schema.Functions", "type");
        if (!Enum.TryParse<FunctionType>(type, out var known) || known.ToString() != type)
            throw MilvusException.InvalidParameter($"unsupported function type: {type}");
        return new FunctionSchema
        {
            Name = name,
            Description = RestCall.Text(function, "description"),
            Type = known,
            InputFields = RestCall.Texts(function, "inputFieldNames"),
            OutputFields = RestCall.Texts(function, "outputFieldNames"),
            Params = RestCall.Map(function, "params"),
        };
    }

    private static DataType ReadType(string name)
    {
        if (name.Length == 0) throw RestFailure.Missing("CollectionReq.Schema.Fields", "dataType");
        if (name == "JSON") return DataType.Json;
        if (name != "Json" && Enum.TryParse<DataType>(name, out var type) && type != DataType.None && type.ToString() == name) return type;
        throw MilvusException.InvalidParameter($"data type {name} is invalid(case sensitive)");
    }

    private static Literal? ReadDefault(JsonElement field, DataType type)
    {
        if (!RestCall.TryGet(field, "defaultValue", out var v) || v.ValueKind == JsonValueKind.Null) return null;
        Literal? value = (v.ValueKind, type) switch
        {
            (JsonValueKind.True or JsonValueKind.False, DataType.Bool) => new Literal.Bool(v.GetBoolean()),
            (JsonValueKind.Number, _) when type.IsInteger() && v.TryGetInt64(out var n) => new Literal.Int(n),
            (JsonValueKind.Number, DataType.Float or DataType.Double) => new Literal.Float(v.GetDouble()),
            (JsonValueKind.String, DataType.VarChar or DataType.Text or DataType.Timestamptz or DataType.Geometry) => new Literal.Text(v.GetString()!),
            _ => null,
        };
        return value ?? throw MilvusException.InvalidParameter($"convert defaultValue fail, err: cannot use {v.GetRawText()}({v.ValueKind}) as {type.Spelled()} default value");
    }

    private static string DefaultMetric(DataType type) => type switch
    {
        DataType.BinaryVector => "HAMMING",
        DataType.SparseFloatVector => "IP",
        _ => "COSINE",
    };

    private static ConsistencyLevel ReadConsistency(RestCall call)
    {
        var top = call.Text("consistencyLevel");
        var inner = RestParam(call, "consistencyLevel");
        if (top.Length > 0 && inner.Length > 0 && top != inner) throw MilvusException.InvalidParameter($"consistencyLevel is given twice: {top} and {inner}");
        return RestCall.ReadConsistency(top.Length > 0 ? top : inner);
    }

    private static ImmutableArray<Property> ReadProperties(RestCall call)
    {
        var list = ImmutableArray.CreateBuilder<Property>();
        var ttl = RestParam(call, "ttlSeconds");
        var given = call.Map("properties").Where(p => p.Key is TtlKey or "ttl.seconds").ToList();
        if (given.Count + (ttl.Length > 0 ? 1 : 0) > 1) throw MilvusException.InvalidParameter("the time to live is given more than once");
        if (ttl.Length > 0) list.Add(new Property(TtlKey, ttl));
        foreach (var p in given) list.Add(new Property(TtlKey, p.Value));
        foreach (var (from, to) in s_params)
            if (RestParam(call, from) is { Length: > 0 } value) list.Add(new Property(to, value));
        return list.ToImmutable();
    }

    private static readonly (string From, string To)[] s_params =
    [
        ("partitionKeyIsolation", "partitionkey.isolation"), ("mmap.enabled", "mmap.enabled"), ("ttlField", "ttl_field"),
        ("warmup.scalarField", "warmup.scalarField"), ("warmup.scalarIndex", "warmup.scalarIndex"),
        ("warmup.vectorField", "warmup.vectorField"), ("warmup.vectorIndex", "warmup.vectorIndex"),
    ];

    private static string RestParam(RestCall call, string name) =>
        call.Object("params") is { } p && p.TryGetProperty(name, out var v) && v.ValueKind != JsonValueKind.Null ? RestCall.ScalarText(v) : "";

    private static long Number(RestCall call, string name, long otherwise)
    {
        var text = RestParam(call, name);
        if (text.Length == 0) return otherwise;
        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var n) && n is >= 0 and <= int.MaxValue
            ? n
            : throw MilvusException.InvalidParameter($"{name} {text} is not a number");
    }

    private static bool ParseFlag(string name, string text) =>
        text switch
        {
            "1" or "t" or "T" or "true" or "TRUE" or "True" => true,
            "0" or "f" or "F" or "false" or "FALSE" or "False" => false,
            _ => throw MilvusException.InvalidParameter($"{name} {text} should be a boolean"),
        };
}
