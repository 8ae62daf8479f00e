using System.Runtime.CompilerServices;

namespace Milvus.Vectors;

/// <summary>Compares candidates of an inverted file by codes that are kept for this, before the vectors of those that remain are read.</summary>
internal abstract class IvfRefiner(RowCodes codes)
{
    public RowCodes Codes { get; } = codes;

    public static IvfRefiner Of(RowCodes codes) => codes.Visit(new Factory(codes));

    /// <summary>Puts the scratch's candidates, which are finished, in the order of these codes and keeps the best.</summary>
    public abstract void Rank(IvfScratch scratch, int keep);

    private sealed class Factory(RowCodes codes) : IKernelVisitor<IvfRefiner>
    {
        public IvfRefiner Visit<TKernel, TScale>()
            where TKernel : struct, IVectorKernel
            where TScale : struct, IRowScale => new IvfRefiner<TKernel, TScale>(codes);
    }
}

internal sealed unsafe class IvfRefiner<TKernel, TScale>(RowCodes codes) : IvfRefiner(codes)
    where TKernel : struct, IVectorKernel
    where TScale : struct, IRowScale
{
    private const int Ahead = 4;
    private const int AheadLines = 16;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Rank(IvfScratch scratch, int keep)
    {
        byte* query = scratch.Work(Codes.QueryBytes);
        Codes.Prepare(scratch.Query, query);
        var scorer = new RowScorer<TKernel, TScale>(query, 1f, Codes.Length, Codes.Rows, Codes.Norms, Codes.RowBytes);
        ReadOnlySpan<int> rows = scratch.Candidates.Rows;
        TopK refined = scratch.Refined;
        refined.Reset(keep);
        for (int i = 0; i < rows.Length; i++)
        {
            if (i + Ahead < rows.Length)
                scorer.Prefetch(rows[i + Ahead], AheadLines);
            refined.Add(rows[i], scorer.Score(rows[i]));
        }

        refined.Finish(Model.MetricType.L2);
        GC.KeepAlive(this);
        GC.KeepAlive(scratch);
    }
}
