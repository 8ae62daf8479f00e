using Milvus.Coordinator.Commands;
using Milvus.Coordinator.Schema;
using Milvus.Model;

namespace Milvus.Proxy.Writing;

/// <summary>
/// Asks the models of embedding functions for one vector before a schema with them is stored, as Milvus does: an address where nobody answers or a vector of another length is told to who
/// makes the function and not to who writes the first row. A function that is added to a collection in use may have a model that is away for now: its rows are filled in the background, whenever
/// its model answers.
/// </summary>
internal sealed class FunctionProbe(FunctionOutputs functions, IModelGateway models, Func<Coordinator.Catalog> catalog)
{
    /// <summary>Whether there is anything to check.</summary>
    public static bool Concerns(CoordinatorCommand command) => command switch
    {
        CreateCollection create => create.Schema.Functions.Any(f => f.Type == FunctionType.TextEmbedding),
        AddFunction add => add.Function.Type == FunctionType.TextEmbedding,
        AlterFunction => true,
        _ => false,
    };

    /// <exception cref="MilvusException">2: a model does not answer for now. 2400: it refuses to, or its vectors do not fit. 1100: it is not described well, or the schema is wrong.</exception>
    public async Task CheckAsync(CoordinatorCommand command, CancellationToken cancellation)
    {
        switch (command)
        {
            case CreateCollection create:
                // What is wrong with the schema itself comes first.
                var schema = SchemaRules.Complete(create.Collection, create.Schema);
                foreach (var function in schema.Functions) await CheckAsync(schema, function, cancellation).ConfigureAwait(false);
                break;
            case AddFunction add:
                await CheckAddedAsync(add, cancellation).ConfigureAwait(false);
                break;
            case AlterFunction alter:
                var stored = catalog().GetCollection(alter.Database, alter.Collection).Schema;
                if (stored.Functions.FirstOrDefault(f => f.Name == alter.Name) is { } known && !alter.Function.Params.IsEmpty)
                    await CheckAsync(stored, known with { Params = alter.Function.Params }, cancellation).ConfigureAwait(false);
                break;
        }
    }

    private async Task CheckAddedAsync(AddFunction add, CancellationToken cancellation)
    {
        models.CheckEmbedding(FunctionOutputs.CallOf(add.Function));
        if (add.Function.OutputFields is not [var name]) return;
        // A field that neither comes nor is there is told by the coordinator.
        var output = add.Outputs.FirstOrDefault(f => f.Name == name) ?? catalog().GetCollection(add.Database, add.Collection).Schema.Find(name);
        if (output is not { Type: DataType.FloatVector or DataType.Int8Vector }) return;
        try
        {
            await functions.TryAsync(add.Function, output, cancellation).ConfigureAwait(false);
        }
        catch (ModelAwayException)
        {
            // The work that fills the rows asks again, and names the reason in the index's state.
        }
    }

    private async Task CheckAsync(CollectionSchema schema, FunctionSchema function, CancellationToken cancellation)
    {
        if (function.Type != FunctionType.TextEmbedding) return;
        models.CheckEmbedding(FunctionOutputs.CallOf(function));
        await functions.TryAsync(function, schema.Find(function.OutputFields[0])!, cancellation).ConfigureAwait(false);
    }
}
