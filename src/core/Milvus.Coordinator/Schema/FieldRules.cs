using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Milvus.Coordinator.Names;
using Milvus.Model;
using Milvus.Text.Analyzers;

namespace Milvus.Coordinator.Schema;

/// <summary>What one field may look like: type, type parameters, nullability, default value.</summary>
internal static class FieldRules
{
    private static readonly ImmutableArray<string> Booleans = ["true", "false"];

    /// <summary>Everything about a field that does not depend on the other fields.</summary>
    public static void Check(string collection, FieldSchema field)
    {
        NameRules.CheckField(field.Name);
        NameRules.CheckDescription(field.Description, "field");
        if (field.IsDynamic) throw MilvusException.InvalidParameter($"cannot explicitly set a field as a dynamic field: {field.Name}");
        CheckType(field);
        CheckTypeParams(collection, field);
        CheckAnalyzer(field);
        CheckNullable(field);
        CheckDefault(field);
    }

    /// <summary>What no field can be, in any schema.</summary>
    public static void CheckKind(FieldSchema field)
    {
        if (field.Type == DataType.String) throw MilvusException.InvalidParameter("string data type not supported yet, please use VarChar type instead");
        if (field.Type == DataType.None) throw MilvusException.InvalidParameter("data type None is not valid");
        if (field.Type == DataType.Array) CheckElementType(field);
    }

    /// <summary>The types this server stores.</summary>
    public static void CheckType(FieldSchema field)
    {
        CheckKind(field);
        switch (field.Type)
        {
            case DataType.Bool or DataType.Json or DataType.VarChar or DataType.Text or DataType.Geometry or DataType.Timestamptz:
            case var t when t.IsNumeric() || t.IsDenseVector() || t == DataType.SparseFloatVector:
            case DataType.Array:
                return;
            case DataType.ArrayOfVector:
                throw MilvusException.InvalidParameter($"array of vector can only be in the struct array field, field name: {field.Name}");
            case DataType.ArrayOfStruct or DataType.Struct:
                throw MilvusException.InvalidParameter($"field data type: {field.Type.Spelled()} is not supported here, use struct_array_fields, field name = {field.Name}");
            default:
                throw MilvusException.InvalidParameter($"field data type: {field.Type.Spelled()} is not supported, field name = {field.Name}");
        }
    }

    private static void CheckElementType(FieldSchema field)
    {
        if (field.ElementType == DataType.None) throw MilvusException.InvalidParameter("element data type None is not valid");
        if (field.ElementType == DataType.String)
            throw MilvusException.InvalidParameter("string data type not supported yet, please use VarChar type instead");
        if (field.ElementType is not (DataType.Bool or DataType.VarChar) && !field.ElementType.IsNumeric())
            throw MilvusException.InvalidParameter($"element type {field.ElementType.Spelled()} is not supported");
    }

    public static void CheckTypeParams(string collection, FieldSchema field)
    {
        if (field.Type.IsVector()) CheckDimension(field.Type == DataType.ArrayOfVector ? field with { Type = field.ElementType } : field);
        if (field.Type == DataType.VarChar || (field.Type == DataType.Array && field.ElementType == DataType.VarChar)) CheckMaxLength(collection, field);
        if (field.Type.IsList()) CheckMaxCapacity(collection, field);
        CheckBoolean(field, "mmap.enabled");
        CheckBoolean(field, "field.skipLoad");
        CheckBoolean(field, "enable_analyzer");
        CheckBoolean(field, "enable_match");
        if (field.Param(PropertyRules.Warmup) is { } warmup && !PropertyRules.IsWarmupPolicy(warmup))
            throw MilvusException.InvalidParameter($"invalid warmup policy for field {field.Name}: {PropertyRules.BadWarmup(warmup)}");
        if (field.Param("field.skipLoad") == "true" && (field.IsPrimaryKey || field.IsPartitionKey || field.IsClusteringKey))
            throw MilvusException.InvalidParameter($"primary key, partition key and clustering key fields cannot skip loading, field name = {field.Name}");
    }

    private static void CheckDimension(FieldSchema field)
    {
        var text = field.Param("dim");
        if (field.Type == DataType.SparseFloatVector)
        {
            if (text is not null) throw MilvusException.InvalidParameter($"dim should not be specified for sparse vector field {field.Name}({field.Id})");
            return;
        }
        if (text is null) throw MilvusException.InvalidParameter($"dimension is not defined in field type params of field {field.Name}, check type param `dim` for vector field");
        if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var dim))
            throw MilvusException.InvalidParameter($"invalid dimension: {text} of field {field.Name}: invalid syntax");
        if (dim < Limits.MinDimension) throw MilvusException.InvalidParameter($"invalid dimension: {dim}. should be in range {Limits.MinDimension} ~ {Limits.MaxDimension}");
        var (high, kind) = field.Type == DataType.BinaryVector ? (Limits.MaxBinaryDimension, "binary") : (Limits.MaxDimension, "float");
        if (field.Type == DataType.BinaryVector && dim % 8 != 0)
            throw MilvusException.InvalidParameter($"invalid dimension: {dim} of field {field.Name}. binary vector dimension should be multiple of 8. ");
        if (dim > high)
            throw MilvusException.InvalidParameter($"invalid dimension: {dim} of field {field.Name}. {kind} vector dimension should be in range {Limits.MinDimension} ~ {high}");
    }

    private static void CheckMaxLength(string collection, FieldSchema field)
    {
        var text = field.Param("max_length")
            ?? throw MilvusException.InvalidParameter($"type param(max_length) should be specified for the field({field.Name}) of collection {collection}");
        if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var length))
            throw MilvusException.InvalidParameter($"the value for max_length of field {field.Name} must be an integer");
        if (length is <= 0 or > Limits.VarCharMaxLength)
            throw MilvusException.InvalidParameter($"the maximum length specified for the field({field.Name}) should be in (0, {Limits.VarCharMaxLength}], but got {length} instead");
    }

    private static void CheckMaxCapacity(string collection, FieldSchema field)
    {
        var text = field.Param("max_capacity")
            ?? throw MilvusException.InvalidParameter($"type param(max_capacity) should be specified for array field {field.Name} of collection {collection}");
        if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var capacity))
            throw MilvusException.InvalidParameter($"the value for max_capacity of field {field.Name} must be an integer");
        if (capacity is <= 0 or > Limits.ArrayMaxCapacity)
            throw MilvusException.InvalidParameter($"the maximum capacity specified for a Array should be in (0, {Limits.ArrayMaxCapacity}], but got {capacity} instead");
    }

    private static void CheckBoolean(FieldSchema field, string key)
    {
        if (field.Param(key) is { } value && !Booleans.Contains(value, StringComparer.OrdinalIgnoreCase))
            throw MilvusException.InvalidParameter($"invalid {key} value of field {field.Name}: {value}, expected: true, false");
    }

    private static void CheckAnalyzer(FieldSchema field)
    {
        if (field.Type is not (DataType.VarChar or DataType.Text))
        {
            if (field.EnableAnalyzer || field.EnableMatch)
                throw MilvusException.InvalidParameter($"enable_analyzer and enable_match are only supported on VarChar fields, field name = {field.Name}");
            return;
        }
        if (field.EnableMatch && !field.EnableAnalyzer)
            throw MilvusException.InvalidParameter($"field {field.Name} which has enable_match or is input of BM25 function must also enable_analyzer");
        if (field.EnableAnalyzer && field.Param("analyzer_params") is { } analyzer) Analyzer.Parse(analyzer);
        if (field.Param("multi_analyzer_params") is not { } multi) return;
        if (field.EnableMatch) throw MilvusException.InvalidParameter($"multi analyzer now only support for bm25, but now field {field.Name} enable match");
        if (field.Param("analyzer_params") is not null)
            throw MilvusException.InvalidParameter($"field {field.Name} analyzer params should be none if has multi analyzer params");
        MultiAnalyzer.Parse(multi);
    }

    private static void CheckNullable(FieldSchema field)
    {
        if (!field.Nullable) return;
        if (field.IsPrimaryKey) throw MilvusException.InvalidParameter($"primary field not support null, type:{field.Type.Spelled()}, name:{field.Name}");
        if (field.IsPartitionKey) throw MilvusException.InvalidParameter("partition key field not support nullable");
    }

    private static void CheckDefault(FieldSchema field)
    {
        if (field.Default is not { } value) return;
        if (field.IsPrimaryKey) throw MilvusException.InvalidParameter($"primary field not support default_value, type:{field.Type.Spelled()}, name:{field.Name}");
        if (field.Type is DataType.Array or DataType.Json || field.Type.IsVector())
            throw MilvusException.InvalidParameter($"type not support default_value, type:{field.Type.Spelled()}, name:{field.Name}");
        switch (field.Type, value)
        {
            case (DataType.Bool, Literal.Bool):
            case (DataType.Int64 or DataType.Timestamptz, Literal.Int):
                return;
            case (DataType.Int8, Literal.Int v):
                CheckRange(field, v.Value, sbyte.MinValue, sbyte.MaxValue);
                return;
            case (DataType.Int16, Literal.Int v):
                CheckRange(field, v.Value, short.MinValue, short.MaxValue);
                return;
            case (DataType.Int32, Literal.Int v):
                CheckRange(field, v.Value, int.MinValue, int.MaxValue);
                return;
            case (DataType.Float, Literal.Float v) when float.IsFinite((float)v.Value):
            case (DataType.Double, Literal.Float w) when double.IsFinite(w.Value):
                return;
            case (DataType.Float or DataType.Double, Literal.Float v):
                throw MilvusException.InvalidParameter($"value '{v}' is not a number or infinity, field name = {field.Name}");
            case (DataType.VarChar, Literal.Text v):
                var length = Encoding.UTF8.GetByteCount(v.Value);
                if (length > field.MaxLength)
                    throw MilvusException.InvalidParameter($"invalid default value of field ({field.Name}), the length ({length}) of string exceeds max length ({field.MaxLength})", "valid length string", "string length exceeds max length");
                return;
            case (DataType.Text, Literal.Text v):
                if (Encoding.UTF8.GetByteCount(v.Value) > Limits.TextMaxBytes)
                    throw MilvusException.InvalidParameter($"invalid default value of field ({field.Name}), the length ({Encoding.UTF8.GetByteCount(v.Value)}) of string exceeds max length ({Limits.TextMaxBytes})", "valid length string", "string length exceeds max length");
                return;
            case (DataType.Geometry, Literal.Text v):
                if (!GeometryCodec.TryParse(v.Value, out _, out var problem))
                    throw MilvusException.InvalidParameter($"invalid default value of field ({field.Name}), it is no well-known text: {problem}");
                return;
            default:
                throw MilvusException.InvalidParameter($"type ({field.Type.Spelled()}) of field ({field.Name}) is not equal to the type({TypeOf(value)}) of default_value");
        }
    }

    private static void CheckRange(FieldSchema field, long value, long low, long high)
    {
        if (value < low || value > high) throw RuleErrors.OutOfRange($"invalid default value of field ({field.Name})", value, low, high);
    }

    private static string TypeOf(Literal value) => value switch
    {
        Literal.Bool => "DataType_Bool",
        Literal.Int => "DataType_Int64",
        Literal.Float => "DataType_Double",
        Literal.Text => "DataType_VarChar",
        _ => "DataType_Array",
    };
}
