using System.Collections.Immutable;
using System.Globalization;

namespace Milvus.Model;

/// <summary>A key and its value, in the order the client gave them.</summary>
public readonly record struct Property(string Key, string Value);

/// <summary>One field of a collection. Ids start at <see cref="FieldIds.FirstUser"/> in declaration order.</summary>
public sealed record FieldSchema
{
    public long Id { get; init; }

    public required string Name { get; init; }

    public string Description { get; init; } = "";

    public required DataType Type { get; init; }

    /// <summary>The element type of <see cref="DataType.Array"/> and <see cref="DataType.ArrayOfVector"/>.</summary>
    public DataType ElementType { get; init; }

    public bool IsPrimaryKey { get; init; }

    public bool AutoId { get; init; }

    public bool IsPartitionKey { get; init; }

    public bool IsClusteringKey { get; init; }

    /// <summary>The hidden JSON field <c>$meta</c>.</summary>
    public bool IsDynamic { get; init; }

    public bool Nullable { get; init; }

    public bool IsFunctionOutput { get; init; }

    /// <summary>The column of an external collection's files that the field shows; empty for fields that the server fills.</summary>
    public string ExternalField { get; init; } = "";

    /// <summary>Taken by rows that do not give a value; null when there is none.</summary>
    public Literal? Default { get; init; }

    /// <summary>Type parameters as given: dim, max_length, max_capacity, mmap.enabled, analyzer_params …</summary>
    public ImmutableArray<Property> TypeParams { get; init; } = [];

    /// <summary>Components of a dense vector (bits for binary vectors), 0 when there are none.</summary>
    public int Dimension => IntParam("dim");

    /// <summary>Most UTF-8 bytes of a VarChar or of one VarChar element, 0 when not given.</summary>
    public int MaxLength => IntParam("max_length");

    /// <summary>Most elements of an array, 0 when not given.</summary>
    public int MaxCapacity => IntParam("max_capacity");

    public bool EnableAnalyzer => BoolParam("enable_analyzer");

    public bool EnableMatch => BoolParam("enable_match");

    /// <summary>The value of a type parameter, or null.</summary>
    public string? Param(string key)
    {
        foreach (var p in TypeParams)
            if (p.Key == key) return p.Value;
        return null;
    }

    private int IntParam(string key) =>
        int.TryParse(Param(key), NumberStyles.Integer, CultureInfo.InvariantCulture, out var v) ? v : 0;

    private bool BoolParam(string key) => string.Equals(Param(key), "true", StringComparison.OrdinalIgnoreCase);

    public bool Equals(FieldSchema? other) =>
        other is not null && Id == other.Id && Name == other.Name && Description == other.Description && Type == other.Type
        && ElementType == other.ElementType && IsPrimaryKey == other.IsPrimaryKey && AutoId == other.AutoId
        && IsPartitionKey == other.IsPartitionKey && IsClusteringKey == other.IsClusteringKey && IsDynamic == other.IsDynamic
        && Nullable == other.Nullable && IsFunctionOutput == other.IsFunctionOutput && ExternalField == other.ExternalField && Equals(Default, other.Default)
        && TypeParams.SequenceEqual(other.TypeParams);

    public override int GetHashCode() => HashCode.Combine(Id, Name, Type);
}

/// <summary>Field ids with a meaning of their own.</summary>
public static class FieldIds
{
    /// <summary>Internal: the row's unique id.</summary>
    public const long RowId = 0;

    /// <summary>Internal: the row's insert timestamp.</summary>
    public const long Timestamp = 1;

    public const long FirstUser = 100;

    /// <summary>The name of the dynamic field.</summary>
    public const string DynamicName = "$meta";

    /// <summary>The hidden partition key of collections with namespaces.</summary>
    public const string NamespaceName = "$namespace_id";

    /// <summary>The primary key of external collections, which the server makes.</summary>
    public const string VirtualKeyName = "__virtual_pk__";
}

/// <summary>What a schema function does; Milvus' wire values.</summary>
public enum FunctionType
{
    Unknown = 0,
    BM25 = 1,
    TextEmbedding = 2,
    Rerank = 3,
    MinHash = 4,
    MolFingerprint = 5,
}

/// <summary>A function that fills output fields from input fields at insert.</summary>
public sealed record FunctionSchema
{
    public long Id { get; init; }

    public required string Name { get; init; }

    public string Description { get; init; } = "";

    public required FunctionType Type { get; init; }

    public ImmutableArray<string> InputFields { get; init; } = [];

    public ImmutableArray<string> OutputFields { get; init; } = [];

    public ImmutableArray<Property> Params { get; init; } = [];

    /// <summary>A parameter's value, null when it has none.</summary>
    public string? Param(string key)
    {
        foreach (var p in Params)
            if (p.Key == key) return p.Value;
        return null;
    }
}

/// <summary>
/// A list of structs. Its sub-fields are stored as arrays of equal length, fields of the collection named <c>struct[sub]</c>.
/// </summary>
public sealed record StructFieldSchema
{
    public long Id { get; init; }

    public required string Name { get; init; }

    public string Description { get; init; } = "";

    public bool Nullable { get; init; }

    /// <summary>The sub-fields under their short names in a draft; empty in a stored schema, whose fields they are.</summary>
    public ImmutableArray<FieldSchema> Fields { get; init; } = [];

    public ImmutableArray<Property> TypeParams { get; init; } = [];

    /// <summary>What the sub-field is called in the collection.</summary>
    public string FullName(string sub) => $"{Name}[{sub}]";

    public bool Owns(FieldSchema field) =>
        field.Name.Length > Name.Length + 2 && field.Name[Name.Length] == '[' && field.Name.StartsWith(Name, StringComparison.Ordinal);

    /// <summary>The name inside the struct of a field that it owns.</summary>
    public string ShortName(FieldSchema field) => field.Name[(Name.Length + 1)..^1];

    public bool Equals(StructFieldSchema? other) =>
        other is not null && Id == other.Id && Name == other.Name && Description == other.Description && Nullable == other.Nullable
        && Fields.SequenceEqual(other.Fields) && TypeParams.SequenceEqual(other.TypeParams);

    public override int GetHashCode() => HashCode.Combine(Id, Name);
}

/// <summary>The fields and functions of a collection. Immutable; a change makes a new one with a higher <see cref="Version"/>.</summary>
public sealed class CollectionSchema
{
    private readonly Dictionary<string, FieldSchema> _byName;
    private readonly Dictionary<long, FieldSchema> _byId;

    public CollectionSchema(
        ImmutableArray<FieldSchema> fields,
        ImmutableArray<FunctionSchema> functions = default,
        ImmutableArray<StructFieldSchema> structFields = default,
        string description = "",
        bool enableDynamicField = false,
        int version = 0,
        string externalSource = "",
        string externalSpec = "")
    {
        Fields = fields;
        Functions = functions.IsDefault ? [] : functions;
        StructFields = structFields.IsDefault ? [] : structFields;
        Description = description;
        EnableDynamicField = enableDynamicField;
        Version = version;
        ExternalSource = externalSource;
        ExternalSpec = externalSpec;
        _byName = new(StringComparer.Ordinal);
        _byId = [];
        foreach (var f in fields)
        {
            _byName.TryAdd(f.Name, f);
            _byId.TryAdd(f.Id, f);
            if (f.IsPrimaryKey) PrimaryKeyOrNull ??= f;
            if (f.IsPartitionKey) PartitionKey ??= f;
            if (f.IsDynamic) DynamicField ??= f;
            if (f.ExternalField.Length > 0) IsExternal = true;
        }
        if (!string.IsNullOrWhiteSpace(externalSource)) IsExternal = true;
    }

    /// <summary>Every stored field, the dynamic one included, in declaration order.</summary>
    public ImmutableArray<FieldSchema> Fields { get; }

    public ImmutableArray<FunctionSchema> Functions { get; }

    public ImmutableArray<StructFieldSchema> StructFields { get; }

    public string Description { get; }

    public bool EnableDynamicField { get; }

    /// <summary>Counts schema changes.</summary>
    public int Version { get; }

    /// <summary>Where the files of an external collection are, as the client gave it; empty for others.</summary>
    public string ExternalSource { get; }

    /// <summary>How the files are to be read: JSON, as the client gave it. May hold credentials.</summary>
    public string ExternalSpec { get; }

    /// <summary>True for a collection that shows the rows of files and takes no writes.</summary>
    public bool IsExternal { get; }

    /// <summary>The primary key; only a schema that was not yet validated lacks one.</summary>
    public FieldSchema PrimaryKey => PrimaryKeyOrNull ?? throw new InvalidOperationException("the schema has no primary key");

    public FieldSchema? PrimaryKeyOrNull { get; }

    public FieldSchema? PartitionKey { get; }

    /// <summary>The hidden JSON field, when <see cref="EnableDynamicField"/>.</summary>
    public FieldSchema? DynamicField { get; }

    public IEnumerable<FieldSchema> VectorFields => Fields.Where(f => f.Type.IsVector());

    public FieldSchema? Find(string name) => _byName.GetValueOrDefault(name);

    public FieldSchema? Find(long id) => _byId.GetValueOrDefault(id);

    /// <summary>The function that fills a field, null when none does.</summary>
    public FunctionSchema? FunctionOf(FieldSchema field)
    {
        if (!field.IsFunctionOutput) return null;
        foreach (var function in Functions)
            if (function.OutputFields.Contains(field.Name)) return function;
        return null;
    }

    public StructFieldSchema? FindStruct(string name)
    {
        foreach (var s in StructFields)
            if (s.Name == name) return s;
        return null;
    }

    /// <summary>The struct whose sub-field this is, or null.</summary>
    public StructFieldSchema? ParentOf(FieldSchema field)
    {
        foreach (var s in StructFields)
            if (s.Owns(field)) return s;
        return null;
    }

    /// <summary>The sub-fields of a struct, in declaration order.</summary>
    public ImmutableArray<FieldSchema> FieldsOf(StructFieldSchema parent) => [.. Fields.Where(parent.Owns)];

    public CollectionSchema With(ImmutableArray<FieldSchema>? fields = null, ImmutableArray<FunctionSchema>? functions = null, string? description = null, bool? enableDynamicField = null, int? version = null, ImmutableArray<StructFieldSchema>? structFields = null) =>
        new(fields ?? Fields, functions ?? Functions, structFields ?? StructFields, description ?? Description, enableDynamicField ?? EnableDynamicField, version ?? Version, ExternalSource, ExternalSpec);

    /// <summary>The same schema over other files.</summary>
    public CollectionSchema WithExternal(string source, string spec) =>
        new(Fields, Functions, StructFields, Description, EnableDynamicField, Version, source, spec);
}
