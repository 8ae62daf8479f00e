using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>1 / |row| of dense rows; 0 for a zero row, so that its cosine similarity to anything is 0.</summary>
internal abstract unsafe class InverseNorm
{
    /// <summary>The calculator for a row type on this processor.</summary>
    /// <exception cref="ArgumentException">Binary vectors have no norm.</exception>
    public static InverseNorm For(DataType type, int dimension) =>
        KernelDispatch.Visit(type, MetricType.IP, InstructionSets.Best, new Factory(type, dimension));

    /// <param name="row">A row of the type.</param>
    /// <param name="decoded">The same row as float32 for 16-bit types, else the row itself.</param>
    public abstract float Of(byte* row, byte* decoded);

    private sealed class Factory(DataType type, int dimension) : IKernelVisitor<InverseNorm>
    {
        public InverseNorm Visit<TKernel, TScale>()
            where TKernel : struct, IVectorKernel
            where TScale : struct, IRowScale => new Calculator<TKernel>(type, dimension);
    }

    private sealed class Calculator<TKernel>(DataType type, int dimension) : InverseNorm
        where TKernel : struct, IVectorKernel
    {
        public override float Of(byte* row, byte* decoded)
        {
            float squared = -TKernel.Distance(decoded, row, dimension);

            // Sums that leave float32's comfortable range are taken again in double precision.
            if (squared is > 1e-30f and < 1e30f)
                return (float)(1 / Math.Sqrt(squared));
            double sum = 0;
            for (int i = 0; i < dimension; i++)
            {
                double value = type == DataType.Int8Vector ? ((sbyte*)decoded)[i] : ((float*)decoded)[i];
                sum += value * value;
            }

            return sum > 0 ? (float)Math.Min(1 / Math.Sqrt(sum), float.MaxValue) : 0f;
        }
    }
}
