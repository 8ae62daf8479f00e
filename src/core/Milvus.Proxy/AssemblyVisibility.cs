using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Milvus.Proxy.Tests")]
