using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Milvus.Api.Import;
using Milvus.Coordinator;
using Milvus.Coordinator.Commands;
using Milvus.Coordinator.Names;
using Milvus.Model;
using Milvus.Proxy;

namespace Milvus.Api.Rest;

/// <summary>One request: its body, its database, and typed access to the body's fields with the errors REST clients know.</summary>
internal sealed class RestCall(IMilvusProxy proxy, JsonElement body, string headerDatabase, string? user, bool int64AsNumbers, CancellationToken cancellation)
{
    private const string ConsistencyLevels = "consistencyLevel can only be [Strong, Session, Bounded, Eventually, Customized], default: Bounded";

    public IMilvusProxy Proxy { get; } = proxy;

    public JsonElement Body { get; } = body;

    public bool Int64AsNumbers { get; } = int64AsNumbers;

    public CancellationToken Cancellation { get; } = cancellation;

    /// <summary>Null when this process imports no files.</summary>
    public ImportJobs? Imports { get; init; }

    /// <summary>Null when this process takes no snapshots.</summary>
    public SnapshotService? Snapshots { get; init; }

    /// <summary>The same request with another body.</summary>
    public RestCall With(JsonElement other) => new(Proxy, other, headerDatabase, user, Int64AsNumbers, Cancellation) { Imports = Imports, Snapshots = Snapshots };

    /// <summary>The body's database, else the header's, else the default.</summary>
    public string Database
    {
        get
        {
            var own = Text("dbName");
            return own.Length > 0 ? own : headerDatabase.Length > 0 ? headerDatabase : Limits.DefaultDatabase;
        }
    }

    public RequestContext Context => new(Database, user);

    /// <summary>The required <c>collectionName</c>.</summary>
    public string Collection => Required("collectionName");

    public Task<CommandResult> ExecuteAsync(CoordinatorCommand command) => Proxy.ExecuteAsync(Context, command, Cancellation);

    /// <summary>The collection of the request.</summary>
    /// <exception cref="MilvusException">100 with the text that Milvus answers where it describes the collection first.</exception>
    public CollectionInfo DescribedCollection()
    {
        var catalog = Proxy.Catalog;
        if (catalog.TryResolveCollection(Database, Collection, out var found)) return found;
        NameRules.CheckCollection(Collection);
        throw new MilvusException(ErrorCode.CollectionNotFound, $"can't find collection[database={catalog.GetDatabase(Database).Name}][collection={Collection}]") { IsInputError = true };
    }

    public bool Has(string name) => Find(name) is not null;

    public JsonElement? Find(string name) => TryGet(Body, name, out var v) && v.ValueKind != JsonValueKind.Null ? v : null;

    /// <summary>A member by its name, or failing that by its name in other letter case, as Milvus takes them.</summary>
    public static bool TryGet(JsonElement owner, string name, out JsonElement value)
    {
        if (owner.TryGetProperty(name, out value)) return true;
        foreach (var member in owner.EnumerateObject())
        {
            if (!member.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) continue;
            value = member.Value;
            return true;
        }
        return false;
    }

    /// <summary>An object, or null when absent.</summary>
    public JsonElement? Object(string name) => Object(Body, name);

    /// <summary>A list, or null when absent.</summary>
    public JsonElement? List(string name) => List(Body, name);

    public string Text(string name) => Text(Body, name);

    public string Required(string name, string structure = "Request")
    {
        var value = Text(name);
        return value.Length > 0 ? value : throw RestFailure.Missing(structure, name);
    }

    public bool Flag(string name, bool otherwise = false) => Flag(Body, name, otherwise);

    public long Number(string name, long otherwise = 0) => Number(Body, name, otherwise);

    public ImmutableArray<string> Texts(string name) => Texts(Body, name);

    public ImmutableArray<string> RequiredTexts(string name, string structure = "Request") => Has(name) ? Texts(name) : throw RestFailure.Missing(structure, name);

    public static string Text(JsonElement owner, string name)
    {
        if (!TryGet(owner, name, out var v) || v.ValueKind == JsonValueKind.Null) return "";
        return v.ValueKind == JsonValueKind.String ? v.GetString()! : throw WrongType(name, "string", v);
    }

    public static JsonElement? Object(JsonElement owner, string name)
    {
        if (!TryGet(owner, name, out var v) || v.ValueKind == JsonValueKind.Null) return null;
        return v.ValueKind == JsonValueKind.Object ? v : throw WrongType(name, "object", v);
    }

    public static JsonElement? List(JsonElement owner, string name)
    {
        if (!TryGet(owner, name, out var v) || v.ValueKind == JsonValueKind.Null) return null;
        return v.ValueKind == JsonValueKind.Array ? v : throw WrongType(name, "array", v);
    }

    public static bool Flag(JsonElement owner, string name, bool otherwise = false)
    {
        if (!TryGet(owner, name, out var v) || v.ValueKind == JsonValueKind.Null) return otherwise;
        return v.ValueKind switch { JsonValueKind.True => true, JsonValueKind.False => false, _ => throw WrongType(name, "bool", v) };
    }

    public static long Number(JsonElement owner, string name, long otherwise = 0)
    {
        if (!TryGet(owner, name, out var v) || v.ValueKind == JsonValueKind.Null) return otherwise;
        return v.ValueKind == JsonValueKind.Number && v.TryGetInt64(out var n) ? n : throw WrongType(name, "integer", v);
    }

    public static ImmutableArray<string> Texts(JsonElement owner, string name)
    {
        if (!TryGet(owner, name, out var v) || v.ValueKind == JsonValueKind.Null) return [];
        if (v.ValueKind != JsonValueKind.Array) throw WrongType(name, "[]string", v);
        var list = ImmutableArray.CreateBuilder<string>(v.GetArrayLength());
        foreach (var item in v.EnumerateArray()) list.Add(item.ValueKind == JsonValueKind.String ? item.GetString()! : throw WrongType(name, "string", item));
        return list.MoveToImmutable();
    }

    /// <summary>A map of scalars as text, in the order given; objects and lists as their JSON.</summary>
    public static ImmutableArray<Property> Map(JsonElement owner, string name)
    {
        if (!TryGet(owner, name, out var v) || v.ValueKind == JsonValueKind.Null) return [];
        if (v.ValueKind != JsonValueKind.Object) throw WrongType(name, "object", v);
        return [.. v.EnumerateObject().Select(p => new Property(p.Name, ScalarText(p.Value)))];
    }

    public ImmutableArray<Property> Map(string name) => Map(Body, name);

    public static string ScalarText(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => value.GetRawText(),
    };

    /// <summary>The level of a read; null for the collection's.</summary>
    public ConsistencyLevel? Consistency()
    {
        var text = Text("consistencyLevel");
        if (text.Length == 0) return null;
        return FindConsistency(text) ?? throw MilvusException.InvalidParameter($"{ConsistencyLevels}, err:parameter:'{text}' is incorrect, please check it");
    }

    /// <summary>The level of a new collection.</summary>
    public static ConsistencyLevel ReadConsistency(string text)
    {
        if (text.Length == 0) return ConsistencyLevel.Bounded;
        return FindConsistency(text) ?? throw MilvusException.InvalidParameter(ConsistencyLevels, "Strong, Session, Bounded, Eventually, Customized", text);
    }

    private static ConsistencyLevel? FindConsistency(string text) => Enum.TryParse<ConsistencyLevel>(text, out var level) && level.ToString() == text ? level : null;

    public static RestFailure WrongType(string name, string expected, JsonElement actual) =>
        RestFailure.BadJson(string.Create(CultureInfo.InvariantCulture, $"json: cannot unmarshal {Kind(actual)} into field {name} of type {expected}"));

    private static string Kind(JsonElement v) => v.ValueKind switch
    {
        JsonValueKind.True or JsonValueKind.False => "bool",
        JsonValueKind.Number => "number",
        JsonValueKind.String => "string",
        JsonValueKind.Array => "array",
        JsonValueKind.Object => "object",
        _ => "null",
    };
}
