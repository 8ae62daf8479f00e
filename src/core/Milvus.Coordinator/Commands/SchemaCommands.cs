using System.Collections.Immutable;
using Milvus.Model;

namespace Milvus.Coordinator.Commands;

/// <summary>
/// Adds a function together with its output fields and their indexes. Rows written before get their outputs in the background, segment by segment;
/// until then searches by it do not find them.
/// </summary>
public sealed record AddFunction(string Database, string Collection, FunctionSchema Function) : CollectionCommand(Database, Collection)
{
    /// <summary>Output fields that the collection does not have yet.</summary>
    public ImmutableArray<FieldSchema> Outputs { get; init; } = [];

    public ImmutableArray<CreateIndex> Indexes { get; init; } = [];
}

/// <summary>Changes the description and the parameters of a function; its type, inputs and outputs stay.</summary>
public sealed record AlterFunction(string Database, string Collection, string Name, FunctionSchema Function) : CollectionCommand(Database, Collection);

/// <summary>Drops a function.</summary>
/// <param name="WithOutputs">Its output fields and their indexes go too; otherwise they stay as ordinary fields.</param>
public sealed record DropFunction(string Database, string Collection, string Name, bool WithOutputs) : CollectionCommand(Database, Collection);

/// <summary>Drops a field or an array of structs, with indexes. Its id is never used again.</summary>
public sealed record DropField(string Database, string Collection, string Field) : CollectionCommand(Database, Collection);
