using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Milvus.Vectors.Tests")]
[assembly: InternalsVisibleTo("Milvus.Benchmarks")]
