using System.Collections.Immutable;
using System.Text;
using Milvus.Coordinator.Schema;
using Milvus.Model;
using Milvus.Proxy.Reading;

namespace Milvus.Proxy.Namespaces;

/// <summary>
/// Restricts requests to the namespace that they name: to its partition, or, where rows of several namespaces share partitions, to the rows that carry its name in a hidden
/// partition key. What comes out is a request like any other.
/// </summary>
internal static class NamespaceScope
{
    private const string NameTemplate = "__namespace__";
    private const string KeysTemplate = "__namespace_keys__";

    /// <exception cref="MilvusException">1100: a name although the collection has no namespaces, or none although it has, or it contradicts the request.</exception>
    public static InsertRequest Restrict(CollectionInfo collection, InsertRequest request)
    {
        // Imported rows carry their namespaces themselves.
        if (request.Into is not null || request.CheckOnly) return request;
        if (!IsGiven(collection, request.Namespace)) return request;
        var name = request.Namespace!;
        if (NamespaceRules.ArePartitions(collection)) return request with { Partition = Partition(request.Partition, name) };
        var given = request.Columns.FirstOrDefault(c => c.Name == FieldIds.NamespaceName);
        if (given is not null)
        {
            CheckValues(given.Column, name);
            return request;
        }
        var builder = new BinaryColumnBuilder(DataType.VarChar);
        var bytes = Encoding.UTF8.GetBytes(name);
        for (var i = 0; i < request.RowCount; i++) builder.Append(bytes);
        return request with { Columns = request.Columns.Add(new NamedColumn(FieldIds.NamespaceName, builder.Build())) };
    }

    /// <inheritdoc cref="Restrict(CollectionInfo, InsertRequest)"/>
    public static UpsertRequest Restrict(CollectionInfo collection, UpsertRequest request) => (UpsertRequest)Restrict(collection, (InsertRequest)request);

    /// <inheritdoc cref="Restrict(CollectionInfo, InsertRequest)"/>
    public static DeleteRequest Restrict(CollectionInfo collection, DeleteRequest request)
    {
        if (!IsGiven(collection, request.Namespace)) return request;
        var name = request.Namespace!;
        if (NamespaceRules.ArePartitions(collection)) return request with { Partition = Partition(request.Partition, name) };
        // Empty is refused where it is compiled.
        if (request.Keys is null && string.IsNullOrWhiteSpace(request.Expression)) return request;
        // Also keys: one of another namespace in the same partition is none of this one's.
        var (expression, templates) = WithKeys(collection, request.Expression, request.Templates, request.Keys);
        return request with { Keys = null, Expression = And(expression), Templates = templates.SetItem(NameTemplate, new Literal.Text(name)) };
    }

    /// <inheritdoc cref="Restrict(CollectionInfo, InsertRequest)"/>
    public static QueryRequest Restrict(CollectionInfo collection, QueryRequest request)
    {
        if (!IsGiven(collection, request.Namespace)) return request;
        if (NamespaceRules.ArePartitions(collection)) return request with { Partitions = Partitions(request.Partitions, request.Namespace!) };
        var (expression, templates) = WithKeys(collection, request.Expression, request.Templates, request.Keys);
        return request with { Keys = null, Expression = And(expression), Templates = templates.SetItem(NameTemplate, new Literal.Text(request.Namespace!)) };
    }

    /// <inheritdoc cref="Restrict(CollectionInfo, InsertRequest)"/>
    public static SearchRequest Restrict(CollectionInfo collection, SearchRequest request)
    {
        if (!IsGiven(collection, request.Namespace)) return request;
        if (NamespaceRules.ArePartitions(collection)) return request with { Partitions = Partitions(request.Partitions, request.Namespace!) };
        return request with { Expression = And(request.Expression), Templates = request.Templates.SetItem(NameTemplate, new Literal.Text(request.Namespace!)) };
    }

    /// <summary>A request of a hybrid search that names no namespace has that of the whole.</summary>
    /// <inheritdoc cref="Restrict(CollectionInfo, InsertRequest)"/>
    public static HybridSearchRequest Restrict(CollectionInfo collection, HybridSearchRequest request)
    {
        if (!NamespaceRules.AreEnabled(collection) && request.Namespace is null && request.Requests.All(r => r.Namespace is null)) return request;
        if (request.Requests.FirstOrDefault(r => r.Namespace is not null && request.Namespace is not null && r.Namespace != request.Namespace) is { } other)
            throw MilvusException.InvalidParameter($"namespace \"{other.Namespace}\" of a sub search mismatches namespace \"{request.Namespace}\"");
        if (!NamespaceRules.ArePartitions(collection))
            return request with { Requests = [.. request.Requests.Select(r => Restrict(collection, r with { Namespace = r.Namespace ?? request.Namespace }))] };
        var names = request.Requests.Select(r => r.Namespace).Append(request.Namespace).OfType<string>().Distinct(StringComparer.Ordinal).ToList();
        if (names.Count > 1) throw MilvusException.InvalidParameter("the searches of a hybrid search are in one namespace");
        IsGiven(collection, names.FirstOrDefault());
        return request with { Partitions = Partitions(request.Partitions, names[0]), Requests = [.. request.Requests.Select(r => r with { Namespace = null })] };
    }

    // True when there is something to restrict to.
    private static bool IsGiven(CollectionInfo collection, string? name)
    {
        if (NamespaceRules.AreEnabled(collection))
        {
            if (name is null) throw MilvusException.InvalidParameter("namespace data is not set but namespace enabled");
            return true;
        }
        return name is null ? false : throw MilvusException.InvalidParameter("namespace data is set but namespace disabled");
    }

    private static string Partition(string? given, string name) => string.IsNullOrEmpty(given) || given == name
        ? name
        : throw MilvusException.InvalidParameter($"partition name \"{given}\" mismatches namespace \"{name}\"");

    private static ImmutableArray<string> Partitions(ImmutableArray<string> given, string name) => given.IsDefaultOrEmpty || (given.Length == 1 && given[0] == name)
        ? [name]
        : throw MilvusException.InvalidParameter($"partition names [{string.Join(' ', given)}] mismatch namespace \"{name}\"");

    private static (string Expression, ImmutableDictionary<string, Literal> Templates) WithKeys(
        CollectionInfo collection, string expression, ImmutableDictionary<string, Literal> templates, PrimaryKeys? keys) => keys is { } given
            ? ($"{collection.Schema.PrimaryKey.Name} in {{{KeysTemplate}}}", templates.SetItem(KeysTemplate, Filters.Literals(given)))
            : (expression, templates);

    private static string And(string expression) =>
        string.IsNullOrWhiteSpace(expression) ? $"{FieldIds.NamespaceName} == {{{NameTemplate}}}" : $"{FieldIds.NamespaceName} == {{{NameTemplate}}} and ({expression})";

    private static void CheckValues(Column column, string name)
    {
        if (column is not BinaryColumn texts) throw MilvusException.InvalidParameter("invalid namespace field data layout");
        var wanted = Encoding.UTF8.GetBytes(name);
        for (var i = 0; i < texts.Count; i++)
            if (!texts[i].SequenceEqual(wanted)) throw MilvusException.InvalidParameter($"namespace field value \"{Encoding.UTF8.GetString(texts[i])}\" mismatches namespace \"{name}\"");
    }
}
