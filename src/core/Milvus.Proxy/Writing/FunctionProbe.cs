using Milvus.Coordinator.Commands;
using Milvus.Coordinator.Schema;
using Milvus.Model;

namespace Milvus.Proxy.Writing;

/// <summary>
/// Asks the models of embedding functions for one vector before a schema with them is stored, as Milvus does: an address where nobody answers or a vector of another length is told to who
/// makes the function and not to who writes the first row. Of one that is added to a collection in use only the description is checked: its rows are filled in the background, whenever its model answers.
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

    /// <exception cref="MilvusException">2400: a model cannot be asked, or its vectors do not fit. 1100: it is not described well, or the schema is wrong.</exception>
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
                models.CheckEmbedding(FunctionOutputs.CallOf(add.Function));
                break;
            case AlterFunction alter:
                var stored = catalog().GetCollection(alter.Database, alter.Collection).Schema;
                if (stored.Functions.FirstOrDefault(f => f.Name == alter.Name) is { } known && !alter.Function.Params.IsEmpty)
                    await CheckAsync(stored, known with { Params = alter.Function.Params }, cancellation).ConfigureAwait(false);
                break;
        }
    }

    private async Task CheckAsync(CollectionSchema schema, FunctionSchema function, CancellationToken cancellation)
    {
        if (function.Type != FunctionType.TextEmbedding) return;
        models.CheckEmbedding(FunctionOutputs.CallOf(function));
        await functions.TryAsync(function, schema.Find(function.OutputFields[0])!, cancellation).ConfigureAwait(false);
    }
}
