using Milvus.Text.Analyzers.Morphology;
using Milvus.Text.Analyzers.Remote;

namespace Milvus.Text.Analyzers;

/// <summary>What analyzers may use beside their parameters, because the operator provides it.</summary>
public sealed record AnalyzerSources
{
    private static volatile AnalyzerSources s_ofProcess = new();

    /// <summary>
    /// What holds wherever analyzers are made without sources of their own. Set once, by the program that hosts the server, before anything
    /// is analysed: schemas are checked, rows embedded and filters compiled in many places, and all have to give the same answer.
    /// </summary>
    public static AnalyzerSources OfProcess
    {
        get => s_ofProcess;
        set => s_ofProcess = value;
    }

    /// <summary>Dictionaries for the tokenizer lindera; null for none.</summary>
    public DictionaryDirectory? Dictionaries { get; init; }

    /// <summary>Services for the tokenizer grpc; null for none.</summary>
    public ITokenizerServices? Services { get; init; }
}
