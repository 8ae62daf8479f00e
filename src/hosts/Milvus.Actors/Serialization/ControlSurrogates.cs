using System.Collections.Immutable;
using Hyperion;
using Milvus.Coordinator.Commands;
using Milvus.Coordinator.Resources;
using Milvus.Model;

namespace Milvus.Actors.Serialization;

/// <summary>What travels in place of types that hold more than their content, such as dictionaries with comparers.</summary>
internal static class ControlSurrogates
{
    public static readonly Surrogate[] All =
    [
        Surrogate.Create<CollectionSchema, SchemaSurrogate>(SchemaSurrogate.From, s => s.Restore()),
        Surrogate.Create<AlterResourceGroups, ResourceGroupsSurrogate>(ResourceGroupsSurrogate.From, s => s.Restore()),
    ];

    public static Type? Replacement(Type type) => All.FirstOrDefault(s => s.From == type)?.To;
}

internal sealed record SchemaSurrogate(
    FieldSchema[] Fields, FunctionSchema[] Functions, StructFieldSchema[] StructFields, string Description, bool EnableDynamicField, int Version, string ExternalSource, string ExternalSpec)
{
    public static SchemaSurrogate From(CollectionSchema schema) => new(
        [.. schema.Fields], [.. schema.Functions], [.. schema.StructFields], schema.Description, schema.EnableDynamicField, schema.Version, schema.ExternalSource, schema.ExternalSpec);

    public CollectionSchema Restore() => new([.. Fields], [.. Functions], [.. StructFields], Description, EnableDynamicField, Version, ExternalSource, ExternalSpec);
}

internal sealed record ResourceGroupsSurrogate(string[] Names, ResourceGroupConfig[] Configs)
{
    public static ResourceGroupsSurrogate From(AlterResourceGroups command) => new([.. command.Configs.Keys], [.. command.Configs.Values]);

    public AlterResourceGroups Restore() =>
        new(Names.Zip(Configs, KeyValuePair.Create).ToImmutableSortedDictionary(p => p.Key, p => p.Value, StringComparer.Ordinal));
}
