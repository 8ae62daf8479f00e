using System.Collections.Immutable;
using Milvus.Model;

namespace Milvus.Segments;

/// <summary>Computes the outputs of functions for rows written before the function was there. Thread-safe.</summary>
public interface IFunctionFiller
{
    /// <summary>The fields that <see cref="ComputeAsync"/> wants the columns of.</summary>
    ImmutableArray<FieldSchema> InputsOf(CollectionSchema schema, FunctionSchema function);

    /// <param name="inputs">By field id, columns of equal length.</param>
    /// <returns>A value per row; null where the function gives none for what the row holds.</returns>
    /// <exception cref="MilvusException">A model could not be asked.</exception>
    ValueTask<Column> ComputeAsync(CollectionSchema schema, FunctionSchema function, IReadOnlyDictionary<long, Column> inputs, CancellationToken cancellation);
}
