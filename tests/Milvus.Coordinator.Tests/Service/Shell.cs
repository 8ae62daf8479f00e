using System.Collections;
using System.Reflection;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Milvus.Coordinator.Service;
using Milvus.Model;
using Milvus.Storage.Meta;

namespace Milvus.Coordinator.Tests.Service;

internal static class Shell
{
    public static readonly CoordinatorOptions Options = new() { PasswordIterations = 1 };

    private static readonly System.Collections.Concurrent.ConcurrentDictionary<Type, PropertyInfo[]> Shown = [];

    public static Task<CoordinatorService> StartAsync(IMetaStore store, TimeProvider? time = null, CoordinatorOptions? options = null) =>
        CoordinatorService.StartAsync(store, options ?? Options, time ?? new ManualTime(), NullLogger<CoordinatorService>.Instance);

    /// <summary>Everything in a catalogue as text, by its public properties: independent of how it is stored.</summary>
    public static string Dump(Catalog catalog)
    {
        var text = new StringBuilder($"version {catalog.Version}\n");
        IEnumerable<object>[] parts = [catalog.Databases, catalog.Collections, catalog.Users, catalog.Roles, catalog.PrivilegeGroups, catalog.ResourceGroups,
            catalog.Imports.OrderBy(i => i.Id), catalog.Snapshots.OrderBy(s => s.Id), catalog.Restores.OrderBy(r => r.Id), catalog.FileResources];
        foreach (var item in parts.SelectMany(p => p))
        {
            Dump(text, item);
            text.Append('\n');
        }
        foreach (var c in catalog.Collections)
        {
            Assert.Same(c, catalog.FindCollectionByName(c.DatabaseId, c.Name));
            foreach (var alias in c.Aliases) Assert.Same(c, catalog.FindCollectionByAlias(c.DatabaseId, alias));
        }
        return text.ToString();
    }

    public static string Dump(object? value)
    {
        var text = new StringBuilder();
        Dump(text, value);
        return text.ToString();
    }

    private static void Dump(StringBuilder text, object? value)
    {
        switch (value)
        {
            case null:
                text.Append("null");
                return;
            case string or Enum or ValueType and (bool or int or long or ulong or double or Timestamp):
                text.Append('\'').Append(value).Append('\'');
                return;
            case IEnumerable list:
                text.Append('[');
                foreach (var item in list)
                {
                    Dump(text, item);
                    text.Append(' ');
                }
                text.Append(']');
                return;
        }
        text.Append(value.GetType().Name).Append('{');
        foreach (var p in Shown.GetOrAdd(value.GetType(), PropertiesOf))
        {
            text.Append(p.Name).Append('=');
            Dump(text, p.GetValue(value));
            text.Append(' ');
        }
        text.Append('}');
    }

    // PrimaryKey throws where there is none; PrimaryKeyOrNull shows the same.
    private static PropertyInfo[] PropertiesOf(Type type) =>
    [
        .. type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(p => p.GetIndexParameters().Length == 0 && p.Name != nameof(CollectionSchema.PrimaryKey)).OrderBy(p => p.Name, StringComparer.Ordinal),
    ];
}
